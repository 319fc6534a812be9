with

paths as (

    select
        path_id,
        order_id,
        touched_at,
        channel,
        place,
        lag(channel) over (partition by path_id order by place) as previous_channel
    from {{ ref('touch_paths') }}

),

-- the same channel several times in a row is one stage of a journey
stages as (

    select
        path_id,
        order_id,
        {{ dbt.listagg('channel', "' → '", 'order by place') }} as journey,
        count(*) as stage_count
    from paths
    where previous_channel is null or previous_channel <> channel
    group by path_id, order_id

),

orders as (

    select
        order_id,
        net_revenue_amount
    from {{ ref('orders') }}

),

final as (

    select
        stages.journey,
        min(stages.stage_count) as stage_count,
        count(*) as path_count,
        count(stages.order_id) as purchase_count,
        cast(count(stages.order_id) as double) / count(*) as purchase_rate,
        coalesce(sum(orders.net_revenue_amount), 0) as revenue_amount
    from stages
    left join orders on stages.order_id = orders.order_id
    group by stages.journey

)

select * from final
