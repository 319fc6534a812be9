with

lines as (

    select * from {{ ref('stg_square__items') }}

),

transactions as (

    select
        order_id,
        max(record_id) as record_id,
        min(sold_at) as ordered_at,
        min(currency) as currency,
        min(location) as store_name,
        coalesce(
            sum(net_amount) filter (where not is_refund and {{ is_gift_card('product_name') }}), 0
        ) as gift_card_amount,
        bool_and(is_refund) as is_return,
        bool_or(is_refund) as has_refund,
        coalesce(sum(net_amount) filter (where not is_refund), 0) as subtotal_amount,
        coalesce(sum(abs(discount_amount)) filter (where not is_refund), 0) as discount_amount,
        coalesce(sum(tax_amount) filter (where not is_refund), 0) as tax_amount,
        coalesce(sum(abs(net_amount) + abs(tax_amount)) filter (where is_refund), 0) as refunded_amount,
        coalesce(sum(quantity) filter (where not is_refund), 0) as item_count
    from lines
    group by order_id

),

shaped as (

    select {{ order_columns(
        'square', 'order_id', 'record_id', 'ordered_at', 'subtotal_amount + tax_amount', sales_channel="'store'",
        financial_status="case when is_return then 'return' when has_refund then 'partially_refunded' else 'paid' end",
        is_return='is_return', currency='currency', subtotal_amount='subtotal_amount', discount_amount='discount_amount',
        tax_amount='tax_amount', refunded_amount='refunded_amount', item_count='item_count', store_name='store_name',
        gift_card_amount='gift_card_amount'
    ) }}
    from transactions

)

select * from shaped
