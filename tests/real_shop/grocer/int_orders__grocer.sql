with

baskets as (

    select
        order_id,
        min(record_id) as record_id,
        min(sold_at) as ordered_at,
        sum(net_amount) as total_amount,
        sum(discount_amount) as discount_amount,
        count(*) as item_count
    from {{ ref('stg_grocer__items') }}
    group by order_id

),

shaped as (

    select {{ order_columns(
        'grocer', 'order_id', 'record_id', 'ordered_at', 'total_amount', sales_channel="'store'",
        discount_amount='discount_amount', item_count='item_count'
    ) }}
    from baskets

)

select * from shaped
