{%- set kept = 4 -%}

with

-- every purchase whose outcome is known: the next one came in time, or so much silence followed
purchases as (

    select
        order_id,
        customer_id,
        ordered_at,
        lead(ordered_at) over (partition by customer_id order by customer_order_number) as next_ordered_at,
        cast({{ dbt.dateadd('day', var('churned_after_days') ~ ' + 1', 'order_date') }} as timestamp) as lost_at
    from {{ ref('orders') }}
    where customer_order_number is not null

),

judged as (

    select
        order_id,
        customer_id,
        ordered_at,
        next_ordered_at is null or next_ordered_at >= lost_at as is_lost,
        least(coalesce(next_ordered_at, lost_at), lost_at) as ended_at
    from purchases
    where next_ordered_at < lost_at or lost_at <= {{ as_of() }}

),

-- what the customer did in between; a statement of consent is no step of it
interactions as (

    select
        judged.order_id,
        timeline.occurred_at,
        timeline.interaction,
        timeline.source_id,
        lag(timeline.interaction) over (
            partition by judged.order_id order by timeline.occurred_at, timeline.interaction, timeline.source_id
        ) as previous_interaction
    from judged
    inner join {{ ref('customer_timeline') }} as timeline
        on
            judged.customer_id = timeline.customer_id
            and judged.ordered_at < timeline.occurred_at
            and judged.ended_at > timeline.occurred_at
    where timeline.interaction not in ('order', 'consent_granted', 'consent_denied')

),

-- the same thing several times in a row is one stage; the last stages decide
stages as (

    select
        order_id,
        interaction,
        occurred_at,
        source_id,
        row_number() over (
            partition by order_id order by occurred_at desc, interaction desc, source_id desc
        ) as place_from_end
    from interactions
    where previous_interaction is null or previous_interaction <> interaction

),

journeys as (

    select
        order_id,
        {{ dbt.listagg("replace(interaction, '_', ' ')", "' → '", 'order by place_from_end desc') }} as journey
    from stages
    where place_from_end <= {{ kept }}
    group by 1

),

final as (

    select
        'order' || coalesce(' → ' || journeys.journey, '') as journey,
        count(*) as path_count,
        sum(case when judged.is_lost then 1 else 0 end) as lost_count,
        avg(case when judged.is_lost then 1.0 else 0.0 end) as lost_rate
    from judged
    left join journeys on judged.order_id = journeys.order_id
    group by 1

)

select * from final
