with sold as (
    select
        *,
        {{ parse_local_timestamp("date || ' ' || time", ['%Y-%m-%d %H:%M:%S']) }} as sold_at
    from {{ source('raw', 'square_items') }}
    where transaction_id is not null
),

newest as (
    -- a refund repeats the sale's transaction id, maybe in a later file: it must not push the sale out
    select * from {{ newest_load('sold', ['transaction_id', 'event_type', 'sold_at']) }}
),

numbered as (
    select
        *,
        row_number() over (partition by transaction_id order by sold_at, event_type, _row) as line_number
    from newest
),

cleaned as (
    select
        'square:' || transaction_id || ':' || line_number as order_item_id,
        'square:' || transaction_id as order_id,
        line_number,
        {{ record_id('square_customers', 'customer_id') }} as record_id,
        customer_reference_id as loyalty_card_id,
        sold_at,
        category,
        item as product_name,
        {{ clean_text('sku') }} as sku,
        {{ cast_or_null('qty', 'decimal(18, 3)') }} as quantity,
        {{ parse_money('gross_sales') }} as gross_amount,
        {{ parse_money('discounts') }} as discount_amount,
        {{ parse_money('net_sales') }} as net_amount,
        {{ parse_money('tax') }} as tax_amount,
        '{{ var("shop_currency", "GBP") }}' as currency,
        lower(event_type) = 'refund' as is_refund,
        location,
        device_name
    from numbered
)

select * from cleaned
