{%- set by_visitor = 'partition by visitor_id order by occurred_at, event_id' -%}

with

collected as (

    select
        *,
        case when is_bot then 'bot:' else '' end || coalesce(anonymous_id, 'user:' || user_id, event_id) as visitor_id
    from {{ ref('stg_segment__events') }}

),

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

owners as (

    select owners.*
    from {{ ref('int_events__visitor_owners') }} as owners
    inner join {{ ref('anonymous_visitors') }} as visitors
        on
            owners.anonymous_id = visitors.anonymous_id
            and visitors.customer_id is not null

),

owned as (

    select
        collected.*,
        coalesce(clusters.customer_id, case when not collected.is_bot then owners.customer_id end) as customer_id
    from collected
    left join clusters on collected.record_id = clusters.record_id
    left join owners
        on
            collected.anonymous_id = owners.anonymous_id
            and collected.occurred_at >= owners.owned_from_at
            and collected.occurred_at < owners.owned_until_at

),

spaced as (

    select
        *,
        coalesce(
            occurred_at <= lag(occurred_at) over ({{ by_visitor }})
            + interval '{{ var("session_timeout_minutes") }} minutes',
            false
        ) as continues_session
    from owned

),

sessionised as (

    select
        *,
        max(case when not continues_session then occurred_at end) over (
            {{ by_visitor }} rows between unbounded preceding and current row
        ) as session_started_at
    from spaced

),

final as (

    select
        event_id,
        customer_id,
        anonymous_id,
        user_id,
        case
            when not is_bot then visitor_id || '@' || {{ marts_epoch_text('session_started_at') }}
        end as session_id,
        event_type,
        event_name,
        occurred_at,
        page_path,
        referrer,
        utm_source,
        utm_medium,
        utm_campaign,
        device_type,
        is_bot,
        product_id,
        sku,
        product_name,
        category,
        price_amount,
        quantity,
        cart_id,
        order_reference,
        search_query
    from sessionised

)

select * from final
