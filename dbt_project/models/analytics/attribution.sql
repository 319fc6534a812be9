with

touches as (

    select * from {{ ref('order_touches') }}

),

effects as (

    select * from {{ ref('attribution_removal_effects') }}

),

-- what each touch of an order weighs against the order's others, by rule
described as (

    select
        touches.*,
        coalesce(effects.removal_effect, 0) as removal_effect,
        max(case when touches.channel <> 'direct' then touches.place end)
            over (partition by touches.order_id) as last_non_direct_place,
        row_number() over (
            partition by touches.order_id, touches.channel order by touches.place
        ) = 1 as is_first_of_channel,
        count(*) over (partition by touches.order_id, touches.channel) as channel_touch_count
    from touches
    left join effects on touches.channel = effects.channel

),

weighed as (

    {% for rule, weight in attribution_weights().items() -%}
    select
        '{{ rule }}' as attribution_model,
        order_id,
        place,
        cast({{ weight }} as double) as weight
    from described
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

-- a rule that weighs every touch of an order with nothing shares it out evenly
shared as (

    select
        *,
        case
            when sum(weight) over (partition by attribution_model, order_id) > 0
                then weight / sum(weight) over (partition by attribution_model, order_id)
            else 1.0 / count(*) over (partition by attribution_model, order_id)
        end as share
    from weighed

),

summed as (

    select
        *,
        case
            when place = max(place) over (partition by attribution_model, order_id) then 1.0
            else sum(share) over (
                partition by attribution_model, order_id order by place
                rows between unbounded preceding and current row
            )
        end as share_until
    from shared

),

-- rounding the running total, not the parts, so that the parts add up to the order to the cent
credited as (

    select
        summed.attribution_model,
        touches.order_id,
        touches.touch_id,
        touches.customer_id,
        touches.order_date,
        touches.channel,
        touches.campaign,
        touches.place,
        touches.touch_count,
        summed.share,
        cast(round(touches.net_revenue_amount * summed.share_until, 2) as decimal(18, 2)) as revenue_until,
        touches.currency
    from summed
    inner join touches on summed.order_id = touches.order_id and summed.place = touches.place

),

final as (

    select
        attribution_model,
        order_id,
        touch_id,
        customer_id,
        order_date,
        channel,
        campaign,
        place,
        touch_count,
        share,
        revenue_until - coalesce(
            lag(revenue_until) over (partition by attribution_model, order_id order by place), 0
        ) as revenue_amount,
        currency
    from credited

)

select * from final
