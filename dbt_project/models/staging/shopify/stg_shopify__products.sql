with newest as (
    select * from {{ newest_version(source('raw', 'shopify_products'), ['variant_sku']) }}
),

cleaned as (
    select
        handle as product_id,
        {{ clean_text('variant_sku') }} as sku,
        -- title, type and vendor stand on a product's first variant only
        coalesce(title, max(title) over (partition by handle)) as product_name,
        coalesce(type, max(type) over (partition by handle)) as category,
        coalesce(vendor, max(vendor) over (partition by handle)) as vendor,
        option1_value as variant_name,
        {{ parse_money('variant_price') }} as price_amount,
        {{ parse_money('cost_per_item') }} as cost_amount,
        '{{ var("shop_currency", "GBP") }}' as currency,
        {{ parse_count('variant_inventory_qty') }} as inventory_quantity,
        lower(coalesce(status, max(status) over (partition by handle))) as status
    from newest
)

select * from cleaned
