with

complaints as (

    select
        customer_id,
        created_at as complained_at,
        'rated the answer to a support ticket as bad' as complaint
    from {{ ref('support_tickets') }}
    where is_satisfied = false
    union all
    select
        customer_id,
        submitted_at as complained_at,
        'answered ' || cast(score as varchar) || case
            when survey = 'nps' then ' of 10 to the recommendation question'
            else ' of 5 to the order survey'
        end as complaint
    from {{ ref('survey_responses') }}
    where answer_group in ('detractor', 'dissatisfied')
    union all
    select
        customer_id,
        reviewed_at as complained_at,
        'gave a product ' || {{ marts_count_text('rating', 'star') }} as complaint
    from {{ ref('reviews') }}
    where rating <= 2

),

ranked as (

    select
        *,
        row_number() over (partition by customer_id order by complained_at desc, complaint asc) as complaint_order,
        count(*) over (partition by customer_id) as complaint_count
    from complaints
    where
        customer_id is not null
        and {{ marts_days_ago('complained_at') }} <= {{ var('unhappy_customers_days') }}

),

members as (

    select
        customer_id,
        'On ' || {{ marts_date_text('complained_at') }} || ' ' || complaint
        || case when complaint_count > 1 then ', not for the first time' else '' end || '.' as reason,
        complained_at,
        complaint_count
    from ranked
    where complaint_order = 1

)

select * from members
