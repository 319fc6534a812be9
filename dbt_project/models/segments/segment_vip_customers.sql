with

customers as (

    select * from {{ ref('customers') }}

),

members as (

    select
        customer_id,
        'Spent ' || {{ marts_money_text('total_spend_amount', 'currency') }} || ' in '
        || {{ marts_count_text('order_count', 'order') }} || ', the last on '
        || {{ marts_date_text('last_order_at') }} || '.' as reason,
        total_spend_amount,
        order_count,
        last_order_at
    from customers
    where
        total_spend_amount >= {{ var('vip_minimum_spend_amount') }}
        and order_count >= {{ var('vip_minimum_orders') }}
        and {{ marts_days_ago('last_order_at') }} <= {{ var('vip_active_days') }}

)

select * from members
