with

items as (

    select distinct
        orders.customer_id,
        orders.order_id,
        orders.ordered_at,
        items.sku,
        items.product_name
    from {{ ref('order_items') }} as items
    inner join {{ ref('orders') }} as orders on items.order_id = orders.order_id
    where orders.is_purchase and items.sku is not null and orders.customer_id is not null

),

buyers as (

    select
        sku,
        min(product_name) as product_name,
        count(distinct customer_id) as buyer_count
    from items
    group by sku

),

totals as (

    select count(distinct customer_id) as buyer_count from items

),

-- bought A, and then B in a later order within the window
followed as (

    select
        a.sku,
        b.sku as next_sku,
        count(distinct a.customer_id) as customer_count,
        median({{ dbt.datediff('a.ordered_at', 'b.ordered_at', 'day') }}) as median_days
    from items as a
    inner join items as b
        on
            a.customer_id = b.customer_id
            and a.sku <> b.sku
            and a.ordered_at < b.ordered_at
            and b.ordered_at <= a.ordered_at + interval '{{ var("next_purchase_days") }} days'
    group by a.sku, b.sku
    having count(distinct a.customer_id) >= {{ var('affinity_minimum_baskets') }}

),

final as (

    select
        followed.sku,
        buyers.product_name,
        followed.next_sku,
        next_buyers.product_name as next_product_name,
        followed.customer_count,
        cast(followed.customer_count as double) / buyers.buyer_count as follow_rate,
        cast(followed.customer_count as double) * totals.buyer_count
        / (cast(buyers.buyer_count as double) * next_buyers.buyer_count) as lift,
        followed.median_days
    from followed
    inner join buyers on followed.sku = buyers.sku
    inner join buyers as next_buyers on followed.next_sku = next_buyers.sku
    cross join totals

)

select * from final
