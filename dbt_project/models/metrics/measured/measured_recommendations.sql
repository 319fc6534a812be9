with

answers as (

    select
        response_id,
        cast(submitted_at as date) as measured_on,
        customer_id,
        case answer_group when 'promoter' then 100 when 'detractor' then -100 else 0 end as points
    from {{ ref('survey_responses') }}
    where survey = 'nps'

)

select * from answers
