with

lines as (

    select * from {{ ref('order_items') }}
    where is_purchase and customer_id is not null and ordered_at <= {{ as_of() }}

),

products as (

    select
        customer_id,
        product_name as favourite_product,
        row_number() over (
            partition by customer_id
            order by count(distinct order_id) desc, sum(line_total_amount) desc, product_name asc
        ) as product_order
    from lines
    where product_name is not null
    group by customer_id, product_name

),

stores as (

    select
        customer_id,
        store_name as favourite_store,
        row_number() over (
            partition by customer_id order by count(*) desc, max(ordered_at) desc, store_name asc
        ) as store_order
    from {{ ref('int_behaviour__orders') }}
    where is_now and was_purchase and store_name is not null
    group by customer_id, store_name

),

favourite_products as (

    select * from products
    where product_order = 1

),

favourite_stores as (

    select * from stores
    where store_order = 1

),

favourites as (

    select
        coalesce(products.customer_id, stores.customer_id) as customer_id,
        products.favourite_product,
        stores.favourite_store
    from favourite_products as products
    full outer join favourite_stores as stores on products.customer_id = stores.customer_id

)

select * from favourites
