with

customers as (

    select * from {{ ref('customers') }}

),

members as (

    select
        customer_id,
        'Buys for ' || company || ', in '
        || {{ marts_count_text('order_count', 'order') }} || '.' as reason,
        company,
        order_count
    from customers
    where is_business and order_count >= {{ var('business_customers_minimum_orders') }}

)

select * from members
