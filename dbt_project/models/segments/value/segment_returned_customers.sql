with

customers as (

    select * from {{ ref('customers') }}

),

members as (

    select
        customer_id,
        'Last bought on ' || {{ marts_date_text('last_order_at') }} || ', after '
        || {{ marts_count_text('order_count', 'order') }}
        || ' in all.' as reason,
        last_order_at,
        order_count
    from customers
    where lifecycle_stage = 'returned'

)

select * from members
