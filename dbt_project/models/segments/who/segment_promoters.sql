with

answers as (

    select
        *,
        row_number() over (partition by customer_id order by submitted_at desc, response_id asc) as answer_order
    from {{ ref('survey_responses') }}
    where
        survey = 'nps'
        and customer_id is not null
        and {{ marts_days_ago('submitted_at') }} <= {{ var('promoters_days') }}

),

members as (

    select
        customer_id,
        'Would recommend us: ' || cast(score as varchar) || ' of 10 on ' || {{ marts_date_text('submitted_at') }}
        || '.' as reason,
        score,
        submitted_at
    from answers
    where answer_order = 1 and answer_group = 'promoter'

)

select * from members
