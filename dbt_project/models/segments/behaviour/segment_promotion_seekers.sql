with

orders as (

    select
        customer_id,
        count(*) as order_count,
        count(*) filter (where discount_code is not null) as discounted_count
    from {{ ref('orders') }}
    where is_purchase and customer_id is not null
    group by customer_id

),

members as (

    select
        customer_id,
        'Used a discount code in ' || cast(discounted_count as varchar) || ' of '
        || {{ marts_count_text('order_count', 'order') }} || '.' as reason,
        order_count,
        discounted_count
    from orders
    where
        order_count >= {{ var('promotion_seekers_minimum_orders') }}
        and discounted_count >= order_count * {{ var('promotion_seekers_minimum_share') }}

)

select * from members
