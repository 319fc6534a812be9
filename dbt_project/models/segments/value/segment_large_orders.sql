with

customers as (

    select * from {{ ref('customers') }}

),

members as (

    select
        customer_id,
        'Spends ' || {{ marts_money_text('average_order_amount', 'currency') }} || ' per order on average.' as reason,
        average_order_amount,
        order_count
    from customers
    where average_order_amount >= {{ var('large_orders_minimum_amount') }}

)

select * from members
