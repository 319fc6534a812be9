with

orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

item_counts as (

    select
        order_id,
        sum(quantity) as item_count,
        sum(case when {{ is_gift_card('product_name') }} then line_total_amount else 0 end) as gift_card_amount
    from {{ ref('stg_shopify__order_items') }}
    group by order_id

),

shaped as (

    select {{ order_columns(
        'shopify', 'orders.order_id', 'orders.record_id', 'orders.ordered_at', 'coalesce(orders.total_amount, 0)',
        order_name='orders.order_name', sales_channel="case when orders.order_source = 'pos' then 'store' else 'web' end",
        cancelled_at='orders.cancelled_at', financial_status='orders.financial_status',
        is_cancelled="coalesce(orders.cancelled_at is not null or orders.financial_status = 'voided', false)",
        currency='orders.currency', subtotal_amount='coalesce(orders.subtotal_amount, 0)',
        discount_amount='coalesce(orders.discount_amount, 0)', shipping_amount='coalesce(orders.shipping_amount, 0)',
        tax_amount='coalesce(orders.tax_amount, 0)', refunded_amount='coalesce(orders.refunded_amount, 0)',
        gift_card_amount='coalesce(item_counts.gift_card_amount, 0)', store_name='orders.store_name',
        item_count='coalesce(item_counts.item_count, 0)', discount_code='orders.discount_code',
        utm_source='orders.utm_source', utm_medium='orders.utm_medium', utm_campaign='orders.utm_campaign',
        shipping_country='orders.shipping_country'
    ) }}
    from orders
    left join item_counts on orders.order_id = item_counts.order_id

)

select * from shaped
