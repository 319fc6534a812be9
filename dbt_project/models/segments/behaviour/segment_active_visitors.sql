with

visits as (

    select
        customer_id,
        count(*) as visit_count,
        max(started_at) as last_visit_at
    from {{ ref('sessions') }}
    where customer_id is not null and {{ marts_days_ago('started_at') }} <= {{ var('active_visitors_days') }}
    group by customer_id

),

members as (

    select
        customer_id,
        'Visited '
        || {{ marts_count_text('visit_count', 'time') }} || ', last on ' || {{ marts_date_text('last_visit_at') }}
        || '.' as reason,
        visit_count,
        last_visit_at
    from visits
    where visit_count >= {{ var('active_visitors_minimum_visits') }}

)

select * from members
