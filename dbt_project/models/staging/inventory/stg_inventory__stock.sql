{%- set count_dates = ['%Y-%m-%d', '%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M', '%d/%m/%Y'] -%}

with newest as (
    select *
    from {{ newest_version(source('raw', 'inventory_stock'), ['sku', 'location'], deleted_from='inventory_stock') }}
),

cleaned as (
    select
        sku,
        product as product_name,
        location,
        {{ parse_count('on_hand') }} as on_hand_quantity,
        {{ parse_count('reserved') }} as reserved_quantity,
        {{ parse_count('reorder_level') }} as reorder_level,
        {{ parse_money('unit_cost') }} as unit_cost_amount,
        '{{ var("shop_currency", "GBP") }}' as currency,
        {{ parse_timestamp('last_counted', count_dates) }} as counted_at
    from newest
)

select * from cleaned
