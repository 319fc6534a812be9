with newest as (
    select * from {{ newest_version(source('raw', 'grocer_transactions'), ['basket_id', 'product_id']) }}
),

cleaned as (
    select
        'grocer:' || basket_id || ':' || product_id as order_item_id,
        'grocer:' || basket_id as order_id,
        {{ record_id('grocer_households', 'household_id') }} as record_id,
        household_id,
        'grocer:' || product_id as sku,
        {{ cast_or_null('quantity', 'decimal(18, 3)') }} as quantity,
        {{ cast_or_null('sales_value', 'decimal(18, 2)') }} as net_amount,
        {{ cast_or_null('retail_disc', 'decimal(18, 2)') }}
        + {{ cast_or_null('coupon_disc', 'decimal(18, 2)') }} as discount_amount,
        cast({{ cast_or_null('transaction_timestamp', 'timestamp') }} as timestamp) as sold_at
    from newest
)

select * from cleaned
