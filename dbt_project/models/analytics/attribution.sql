{%- set rules = attribution_weights() -%}

with

touches as (

    select * from {{ ref('order_touches') }}

),

effects as (

    select * from {{ ref('attribution_removal_effects') }}

),

described as (

    select
        touches.*,
        coalesce(effects.removal_effect, 0) as removal_effect,
        max(touches.place) over (partition by touches.order_id) as last_place,
        max(case when touches.channel <> 'direct' then touches.place end)
            over (partition by touches.order_id) as last_non_direct_place,
        row_number() over (
            partition by touches.order_id, touches.channel order by touches.place
        ) = 1 as is_first_of_channel,
        count(*) over (partition by touches.order_id, touches.channel) as channel_touch_count
    from touches
    left join effects on touches.channel = effects.channel

),

-- what each touch of an order weighs against the order's others: a column per rule, so that an order is looked at once
weighed as (

    select
        {%- for rule, weight in rules.items() %}
        cast({{ weight }} as double) as {{ rule }}_weight,
        {%- endfor %}
        *
    from described

),

totalled as (

    select
        {%- for rule in rules %}
        sum({{ rule }}_weight) over (partition by order_id) as {{ rule }}_total,
        {%- endfor %}
        count(*) over (partition by order_id) as weight_count,
        *
    from weighed

),

-- a rule that weighs every touch of an order with nothing shares it out evenly
shared as (

    select
        {%- for rule in rules %}
        case when {{ rule }}_total > 0 then {{ rule }}_weight / {{ rule }}_total else 1.0 / weight_count end
            as {{ rule }}_share,
        {%- endfor %}
        *
    from totalled

),

-- rounding the running total, not the parts, so that the parts add up to the order to the cent
summed as (

    select
        {%- for rule in rules %}
        cast(
            round(
                net_revenue_amount * case
                    when place = last_place then 1.0
                    else sum({{ rule }}_share) over (
                        partition by order_id order by place rows between unbounded preceding and current row
                    )
                end, 2
            ) as decimal(18, 2)
        ) as {{ rule }}_until,
        {%- endfor %}
        *
    from shared

),

parted as (

    select
        {%- for rule in rules %}
        {{ rule }}_until - coalesce(lag({{ rule }}_until) over (partition by order_id order by place), 0)
            as {{ rule }}_revenue,
        {%- endfor %}
        *
    from summed

),

final as (

    {%- for rule in rules %}
    select
        '{{ rule }}' as attribution_model,
        order_id,
        touch_id,
        customer_id,
        order_date,
        channel,
        campaign,
        place,
        touch_count,
        {{ rule }}_share as share,
        {{ rule }}_revenue as revenue_amount,
        currency
    from parted
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from final
