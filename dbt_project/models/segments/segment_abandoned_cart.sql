with

open_carts as (

    select
        *,
        row_number() over (partition by customer_id order by started_at desc, cart_id asc) as cart_order
    from {{ ref('carts') }}
    where
        is_open
        and customer_id is not null
        and {{ marts_days_ago('started_at') }} <= {{ var('abandoned_cart_days') }}

),

members as (

    select
        customer_id,
        'Left a cart of ' || {{ marts_money_text('total_amount', 'currency') }}
        || coalesce(' (' || product_names || ')', '') || ' on ' || {{ marts_date_text('started_at') }}
        || ' and has not ordered since.' as reason,
        cart_id,
        started_at,
        total_amount
    from open_carts
    where cart_order = 1

)

select * from members
