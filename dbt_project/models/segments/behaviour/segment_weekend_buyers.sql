with

orders as (

    select
        customer_id,
        count(*) as order_count,
        count(*) filter (where {{ marts_is_weekend('order_date') }}) as weekend_count
    from {{ ref('orders') }}
    where is_purchase and customer_id is not null
    group by customer_id

),

members as (

    select
        customer_id,
        'Bought on a weekend ' || cast(weekend_count as varchar) || ' of '
        || {{ marts_count_text('order_count', 'time') }}
        || '.' as reason,
        order_count,
        weekend_count
    from orders
    where
        order_count >= {{ var('weekend_buyers_minimum_orders') }}
        and weekend_count >= order_count * {{ var('weekend_buyers_minimum_share') }}

)

select * from members
