with

customers as (

    select * from {{ ref('customers') }}

),

members as (

    select
        customer_id,
        'Has bought ' || {{ marts_count_text('order_count', 'time') }} || '.' as reason,
        order_count
    from customers
    where order_count >= 2

)

select * from members
