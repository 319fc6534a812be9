    union all
    select
        sku,
        grocer_product_id as product_id,
        cast(null as varchar) as product_name,
        category,
        brand as vendor,
        cast(null as decimal(18, 2)) as price_amount,
        cast(null as decimal(18, 2)) as cost_amount,
        cast(null as varchar) as status,
        cast(null as bigint) as inventory_quantity
    from {{ ref('stg_grocer__products') }}
