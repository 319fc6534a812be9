with

collected as (

    select
        *,
        {{ marts_visitor_id() }} as visitor_id
    from {{ ref('stg_segment__events') }}

),

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

visits as (

    select * from {{ ref('int_events__visits') }}

),

owners as (

    select owners.*
    from {{ ref('int_events__visitor_owners') }} as owners
    inner join {{ ref('anonymous_visitors') }} as visitors
        on
            owners.anonymous_id = visitors.anonymous_id
            and visitors.customer_id is not null

),

final as (

    select
        collected.event_id,
        coalesce(clusters.customer_id, case when not collected.is_bot then owners.customer_id end) as customer_id,
        collected.anonymous_id,
        collected.user_id,
        visits.session_id,
        collected.event_type,
        collected.event_name,
        collected.occurred_at,
        collected.page_path,
        collected.referrer,
        collected.utm_source,
        collected.utm_medium,
        collected.utm_campaign,
        collected.device_type,
        collected.is_bot,
        collected.product_id,
        collected.sku,
        collected.product_name,
        collected.category,
        collected.price_amount,
        collected.quantity,
        collected.cart_id,
        collected.order_reference,
        collected.search_query
    from collected
    left join clusters on collected.record_id = clusters.record_id
    left join owners
        on
            collected.anonymous_id = owners.anonymous_id
            and collected.occurred_at >= owners.owned_from_at
            and collected.occurred_at < owners.owned_until_at
    left join visits
        on
            collected.visitor_id = visits.visitor_id
            and collected.occurred_at >= visits.started_at
            and collected.occurred_at < visits.next_started_at
            and not collected.is_bot

)

select * from final
