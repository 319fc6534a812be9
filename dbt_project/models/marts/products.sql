with

products as (

    select
        sku,
        product_id,
        product_name,
        category,
        vendor,
        price_amount,
        cost_amount,
        status,
        inventory_quantity
    from {{ ref('stg_shopify__products') }}

),

stock as (

    select
        sku,
        sum(on_hand_quantity - reserved_quantity) as available_quantity
    from {{ ref('stg_inventory__stock') }}
    group by sku

),

final as (

    select
        products.sku,
        products.product_id,
        products.product_name,
        products.category,
        products.vendor,
        products.price_amount,
        products.cost_amount,
        '{{ var("shop_currency") }}' as currency,
        products.status,
        coalesce(stock.available_quantity, products.inventory_quantity) as available_quantity
    from products
    left join stock on products.sku = stock.sku

)

select * from final
