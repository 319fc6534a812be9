with

customers as (

    select * from {{ ref('customers') }}

),

members as (

    select
        customer_id,
        'Bought for the first time on ' || {{ marts_date_text('first_order_at') }}
        || ' and has spent ' || {{ marts_money_text('total_spend_amount', 'currency') }} || '.' as reason,
        first_order_at,
        order_count,
        total_spend_amount
    from customers
    where
        order_count > 0
        and {{ marts_days_ago('first_order_at') }} <= {{ var('new_buyers_days') }}

)

select * from members
