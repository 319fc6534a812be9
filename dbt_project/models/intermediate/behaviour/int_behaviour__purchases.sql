with

orders as (

    select * from {{ ref('int_behaviour__orders') }}

),

purchases as (

    -- a return at the till takes money back although it is no purchase
    select
        as_of_at,
        is_now,
        customer_id,
        count(*) filter (where was_purchase) as order_count,
        min(ordered_at) filter (where was_purchase) as first_order_at,
        max(ordered_at) filter (where was_purchase) as last_order_at,
        sum(net_revenue_amount) as total_spend_amount,
        count(*) filter (where was_purchase and is_discounted) as discounted_order_count,
        sum(discount_amount) filter (where was_purchase) as discount_amount,
        sum(subtotal_amount) filter (where was_purchase) as subtotal_amount,
        count(*) filter (
            where was_purchase and ordered_at > as_of_at - interval '{{ var("engagement_days") }} days'
        ) as recent_order_count
    from orders
    group by as_of_at, is_now, customer_id

)

select * from purchases
