with

customers as (

    select * from {{ ref('customers') }}

),

members as (

    select
        customer_id,
        'Known since ' || {{ marts_date_text('first_seen_at') }} || ', last seen on '
        || {{ marts_date_text('last_seen_at') }} || ', and has never bought.' as reason,
        first_seen_at,
        last_seen_at
    from customers
    where
        order_count = 0
        and coalesce(email, phone) is not null
        and {{ marts_days_ago('last_seen_at') }} <= {{ var('leads_days') }}

)

select * from members
