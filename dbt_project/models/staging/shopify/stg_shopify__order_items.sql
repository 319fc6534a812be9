with newest as (
    select * from {{ newest_load(source('raw', 'shopify_orders'), ['name']) }}
),

order_ids as (
    {{ shopify_order_ids() }}
),

filled as (
    select
        newest.*,
        'shopify:' || order_ids.id_of_order as order_id,
        max(newest.currency) over (partition by newest.name) as order_currency,
        row_number() over (partition by newest.name order by newest._row) as line_number
    from newest
    left join order_ids on newest.name = order_ids.order_name
),

cleaned as (
    select
        order_id || ':' || line_number as order_item_id,
        order_id,
        line_number,
        lineitem_sku as sku,
        lineitem_name as product_name,
        coalesce({{ parse_count('lineitem_quantity') }}, 0) as quantity,
        {{ parse_money('lineitem_price') }} as unit_price_amount,
        coalesce({{ parse_money('lineitem_discount') }}, 0) as discount_amount,
        coalesce(order_currency, '{{ var("shop_currency", "GBP") }}') as currency
    from filled
    where order_id is not null
),

priced as (
    select
        *,
        cast(quantity * unit_price_amount - discount_amount as decimal(18, 2)) as line_total_amount
    from cleaned
)

select * from priced
