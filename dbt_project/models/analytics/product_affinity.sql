with

items as (

    select distinct
        orders.customer_id,
        orders.order_id,
        orders.order_date,
        items.sku,
        items.product_name
    from {{ ref('order_items') }} as items
    inner join {{ ref('orders') }} as orders on items.order_id = orders.order_id
    where orders.is_purchase and items.sku is not null

),

names as (

    select
        sku,
        min(product_name) as product_name
    from items
    group by sku

),

baskets as (

    select
        sku,
        count(*) as basket_count
    from items
    group by sku

),

totals as (

    select count(distinct order_id) as basket_count from items

),

together as (

    select
        a.sku,
        b.sku as other_sku,
        count(*) as together_count
    from items as a
    inner join items as b on a.order_id = b.order_id and a.sku <> b.sku
    group by a.sku, b.sku
    having count(*) >= {{ var('affinity_minimum_baskets') }}

),

final as (

    select
        together.sku,
        names.product_name,
        together.other_sku,
        other_names.product_name as other_product_name,
        together.together_count,
        cast(together.together_count as double) / totals.basket_count as support,
        cast(together.together_count as double) / baskets.basket_count as confidence,
        cast(together.together_count as double) * totals.basket_count
        / (cast(baskets.basket_count as double) * other_baskets.basket_count) as lift
    from together
    inner join baskets on together.sku = baskets.sku
    inner join baskets as other_baskets on together.other_sku = other_baskets.sku
    inner join names on together.sku = names.sku
    inner join names as other_names on together.other_sku = other_names.sku
    cross join totals

)

select * from final
