with

orders as (

    select * from {{ ref('int_behaviour__orders') }}
    where was_purchase

),

lines as (

    select
        orders.as_of_at,
        orders.customer_id,
        items.sku,
        items.quantity,
        items.line_total_amount
    from {{ ref('order_items') }} as items
    inner join orders on items.order_id = orders.order_id
    where not items.is_refund

)

select * from lines
