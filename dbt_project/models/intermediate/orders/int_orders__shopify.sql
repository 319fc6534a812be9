with

orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

item_counts as (

    select
        order_id,
        sum(quantity) as item_count
    from {{ ref('stg_shopify__order_items') }}
    group by order_id

),

shaped as (

    select
        orders.order_id,
        orders.record_id,
        orders.order_name,
        'shopify' as source,
        case when orders.order_source = 'pos' then 'store' else 'web' end as sales_channel,
        orders.ordered_at,
        orders.cancelled_at,
        orders.financial_status,
        coalesce(orders.cancelled_at is not null or orders.financial_status = 'voided', false) as is_cancelled,
        false as is_return,
        orders.currency,
        coalesce(orders.subtotal_amount, 0) as subtotal_amount,
        coalesce(orders.discount_amount, 0) as discount_amount,
        coalesce(orders.shipping_amount, 0) as shipping_amount,
        coalesce(orders.tax_amount, 0) as tax_amount,
        coalesce(orders.total_amount, 0) as total_amount,
        coalesce(orders.refunded_amount, 0) as refunded_amount,
        coalesce(item_counts.item_count, 0) as item_count,
        orders.discount_code,
        orders.utm_source,
        orders.utm_medium,
        orders.utm_campaign,
        orders.shipping_country
    from orders
    left join item_counts on orders.order_id = item_counts.order_id

)

select * from shaped
