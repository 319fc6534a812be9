with

checkouts as (

    select * from {{ ref('stg_shopify__abandoned_checkouts') }}

),

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

items as (

    select
        checkout_id,
        {{ dbt.listagg('product_name', "', '", 'order by line_number') }} as product_names
    from {{ ref('stg_shopify__abandoned_checkout_items') }}
    group by checkout_id

),

owned as (

    select
        checkouts.*,
        clusters.customer_id
    from checkouts
    left join clusters on checkouts.record_id = clusters.record_id

),

later_orders as (

    select
        owned.checkout_id,
        min(orders.ordered_at) as ordered_at
    from owned
    inner join {{ ref('orders') }} as orders
        on
            owned.customer_id = orders.customer_id
            and owned.started_at <= orders.ordered_at
            and orders.is_purchase
    group by owned.checkout_id

),

final as (

    select
        owned.checkout_id as cart_id,
        owned.customer_id,
        owned.started_at,
        owned.currency,
        owned.subtotal_amount,
        owned.total_amount,
        owned.item_count,
        items.product_names,
        owned.is_recovered,
        later_orders.ordered_at as next_order_at,
        not owned.is_recovered and later_orders.ordered_at is null as is_open
    from owned
    left join items on owned.checkout_id = items.checkout_id
    left join later_orders on owned.checkout_id = later_orders.checkout_id

)

select * from final
