with

orders as (

    select * from {{ ref('orders') }}

),

products as (

    select * from {{ ref('products') }}

),

lines as (

    select
        order_item_id,
        order_id,
        sku,
        product_name,
        cast(null as varchar) as category,
        quantity,
        unit_price_amount,
        discount_amount,
        line_total_amount,
        false as is_refund
    from {{ ref('stg_shopify__order_items') }}
    union all
    select
        order_item_id,
        order_id,
        sku,
        product_name,
        category,
        quantity,
        case when quantity <> 0 then gross_amount / quantity end as unit_price_amount,
        abs(discount_amount) as discount_amount,
        net_amount as line_total_amount,
        is_refund
    from {{ ref('stg_square__items') }}

),

final as (

    select
        lines.order_item_id,
        lines.order_id,
        orders.customer_id,
        orders.ordered_at,
        lines.sku,
        products.product_id,
        coalesce(products.product_name, lines.product_name) as product_name,
        coalesce(products.category, lines.category) as category,
        lines.quantity,
        cast(lines.unit_price_amount * orders.exchange_rate as decimal(18, 2)) as unit_price_amount,
        cast(lines.discount_amount * orders.exchange_rate as decimal(18, 2)) as discount_amount,
        cast(lines.line_total_amount * orders.exchange_rate as decimal(18, 2)) as line_total_amount,
        orders.currency,
        lines.is_refund,
        orders.is_purchase and not lines.is_refund as is_purchase
    from lines
    inner join orders on lines.order_id = orders.order_id
    left join products on lines.sku = products.sku

)

select * from final
