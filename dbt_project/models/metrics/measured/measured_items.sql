with

items as (

    select * from {{ ref('order_items') }}
    where is_purchase

),

orders as (

    select * from {{ ref('measured_orders') }}

),

products as (

    select
        sku,
        cost_amount
    from {{ ref('products') }}

),

final as (

    select
        items.order_item_id,
        orders.measured_on,
        orders.customer_id,
        orders.channel,
        orders.store,
        orders.source,
        coalesce(items.category, 'unknown') as category,
        items.quantity,
        items.line_total_amount as item_revenue,
        items.quantity * products.cost_amount as item_cost
    from items
    inner join orders on items.order_id = orders.order_id
    left join products on items.sku = products.sku

)

select * from final
