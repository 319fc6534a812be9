with

stock as (

    select * from {{ ref('stg_inventory__stock') }}

),

final as (

    select
        sku || ':' || location as inventory_id,
        sku,
        product_name,
        location,
        on_hand_quantity,
        reserved_quantity,
        on_hand_quantity - reserved_quantity as available_quantity,
        reorder_level,
        on_hand_quantity - reserved_quantity <= reorder_level as is_below_reorder_level,
        unit_cost_amount,
        '{{ var("shop_currency") }}' as currency,
        counted_at
    from stock

)

select * from final
