with

waiting as (

    select
        customer_id,
        min(created_at) as oldest_at,
        count(*) as ticket_count
    from {{ ref('support_tickets') }}
    where
        customer_id is not null
        and not is_solved
        and {{ marts_days_ago('created_at') }} >= {{ var('waiting_for_an_answer_days') }}
    group by customer_id

),

members as (

    select
        customer_id,
        'Has waited since ' || {{ marts_date_text('oldest_at') }} || ', for '
        || {{ marts_count_text('ticket_count', 'answer') }}
        || '.' as reason,
        oldest_at,
        ticket_count
    from waiting

)

select * from members
