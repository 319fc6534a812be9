with

ratings as (

    select
        response_id as rating_id,
        cast(submitted_at as date) as measured_on,
        customer_id,
        'survey' as asked_in,
        answer_group = 'satisfied' as is_satisfied
    from {{ ref('survey_responses') }}
    where survey = 'csat'
    union all
    select
        'ticket:' || ticket_id as rating_id,
        cast(coalesce(solved_at, updated_at) as date) as measured_on,
        customer_id,
        'ticket' as asked_in,
        is_satisfied
    from {{ ref('support_tickets') }}
    where is_satisfied is not null

)

select * from ratings
