with newest as (
    select * from {{ newest_load(source('raw', 'shopify_orders'), ['name']) }}
),

order_ids as (
    {{ shopify_order_ids() }}
),

unplaced as (
    select
        newest._load_id as load_id,
        newest._file as file_name,
        newest._row as row_number,
        newest.name as order_name,
        newest.lineitem_sku as sku,
        newest.lineitem_name as product_name,
        {{ parse_count('newest.lineitem_quantity') }} as quantity,
        {{ parse_money('newest.lineitem_price') }} as unit_price_amount,
        case
            when newest.name is null then 'names no order'
            else 'no line of its order carries the id'
        end as reason
    from newest
    left join order_ids on newest.name = order_ids.order_name
    where order_ids.id_of_order is null
)

select * from unplaced
