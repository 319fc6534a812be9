with newest as (
    select * from {{ newest_version(source('raw', 'grocer_products'), ['product_id']) }}
),

cleaned as (
    select
        'grocer:' || product_id as sku,
        product_id as grocer_product_id,
        department,
        brand,
        product_category as category,
        product_type,
        package_size
    from newest
)

select * from cleaned
