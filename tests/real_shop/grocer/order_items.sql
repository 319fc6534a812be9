    union all
    select
        order_item_id,
        order_id,
        sku,
        cast(null as varchar) as product_name,
        cast(null as varchar) as category,
        quantity,
        case when quantity <> 0 then (net_amount + discount_amount) / quantity end as unit_price_amount,
        discount_amount,
        net_amount as line_total_amount,
        false as is_refund
    from {{ ref('stg_grocer__items') }}
