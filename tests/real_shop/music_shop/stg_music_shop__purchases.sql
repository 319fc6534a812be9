with newest as (
    -- purchases carry no number, and equal lines are different purchases: the place in the file is the key
    select * from {{ newest_version(source('raw', 'music_shop_purchases'), ['_file', '_row']) }}
),

cleaned as (
    select
        'music_shop:' || _file || ':' || _row as order_id,
        {{ record_id('music_shop_customers', 'customer_id') }} as record_id,
        customer_id as music_shop_customer_id,
        {{ parse_timestamp('date', ['%Y%m%d']) }} as purchased_at,
        {{ parse_count('number_of_cds') }} as item_count,
        {{ parse_money('dollar_value') }} as total_amount
    from newest
)

select * from cleaned
