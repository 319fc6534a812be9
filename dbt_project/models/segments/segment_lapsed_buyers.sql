with

customers as (

    select
        *,
        {{ marts_days_ago('last_order_at') }} as days_since_order
    from {{ ref('customers') }}
    where order_count > 0

),

members as (

    select
        customer_id,
        'Last bought ' || cast(days_since_order as varchar) || ' days ago, on '
        || {{ marts_date_text('last_order_at') }} || ', after ' || {{ marts_count_text('order_count', 'order') }}
        || '.' as reason,
        last_order_at,
        days_since_order
    from customers
    where days_since_order between {{ var('lapsed_buyers_after_days') }} and {{ var('lapsed_buyers_until_days') }}

)

select * from members
