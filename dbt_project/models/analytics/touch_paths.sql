with

touches as (

    select * from {{ ref('touches') }}

),

orders as (

    select * from {{ ref('orders') }}
    where is_purchase and customer_id is not null

),

-- touches and purchases of a customer on one line of time; a visit that began with the purchase still led to it
moments as (

    select
        customer_id,
        touched_at as happened_at,
        0 as is_order,
        touch_id
    from touches
    union all
    select
        customer_id,
        ordered_at as happened_at,
        1 as is_order,
        null as touch_id
    from orders

),

counted as (

    select
        *,
        sum(is_order) over (
            partition by customer_id order by happened_at asc, is_order asc
            rows between unbounded preceding and current row
        ) as orders_before
    from moments

),

purchases as (

    select
        customer_id,
        order_id,
        ordered_at,
        row_number() over (partition by customer_id order by ordered_at asc, order_id asc) as order_number
    from orders

),

-- a touch speaks for the next purchase, if that comes within the look-back window; else it led nowhere
led as (

    select
        touches.touch_id,
        touches.customer_id,
        touches.touched_at,
        touches.channel,
        touches.campaign,
        counted.orders_before,
        purchases.order_id,
        purchases.ordered_at
    from counted
    inner join touches on counted.touch_id = touches.touch_id
    left join purchases
        on
            counted.customer_id = purchases.customer_id
            and counted.orders_before + 1 = purchases.order_number
            and purchases.ordered_at <= touches.touched_at
            + interval '{{ var("attribution_lookback_days") }} days'
),

final as (

    select
        touch_id,
        coalesce(order_id, customer_id || '+' || cast(orders_before as varchar)) as path_id,
        order_id,
        customer_id,
        touched_at,
        ordered_at,
        channel,
        campaign,
        row_number() over (
            partition by coalesce(order_id, customer_id || '+' || cast(orders_before as varchar))
            order by touched_at asc, touch_id asc
        ) as place
    from led

)

select * from final
