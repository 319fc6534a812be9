with

paths as (

    select * from {{ ref('touch_paths') }}
    where order_id is not null

),

orders as (

    select * from {{ ref('orders') }}
    where is_purchase

),

-- an order that nothing is known to have led to credits the way it was placed
untouched as (

    select
        orders.order_id,
        orders.order_id as touch_id,
        orders.ordered_at as touched_at,
        case
            when orders.sales_channel = 'web'
                then {{ marketing_channel('orders.utm_source', 'orders.utm_medium', 'cast(null as varchar)') }}
            else orders.sales_channel
        end as channel,
        orders.utm_campaign as campaign,
        1 as place
    from orders
    left join paths on orders.order_id = paths.order_id
    where paths.order_id is null

),

united as (

    select
        order_id,
        touch_id,
        touched_at,
        channel,
        campaign,
        place
    from paths
    union all
    select * from untouched

),

final as (

    select
        united.order_id,
        united.touch_id,
        orders.customer_id,
        orders.ordered_at,
        orders.order_date,
        united.touched_at,
        united.channel,
        united.campaign,
        united.place,
        count(*) over (partition by united.order_id) as touch_count,
        {{ dbt.datediff('united.touched_at', 'orders.ordered_at', 'second') }} / 86400.0 as days_before,
        orders.net_revenue_amount,
        orders.currency
    from united
    inner join orders on united.order_id = orders.order_id

)

select * from final
