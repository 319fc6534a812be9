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

    select
        order_id,
        record_id,
        replace(order_id, 'square:', '') as order_name,
        'square' as source,
        'store' as sales_channel,
        ordered_at,
        cast(null as timestamp) as cancelled_at,
        case when is_return then 'return' when has_refund then 'partially_refunded' else 'paid' end as financial_status,
        false as is_cancelled,
        is_return,
        currency,
        subtotal_amount,
        discount_amount,
        0 as shipping_amount,
        tax_amount,
        subtotal_amount + tax_amount as total_amount,
        refunded_amount,
        item_count,
        cast(null as varchar) as discount_code,
        cast(null as varchar) as utm_source,
        cast(null as varchar) as utm_medium,
        cast(null as varchar) as utm_campaign,
        cast(null as varchar) as shipping_country
    from transactions

)

select * from shaped
