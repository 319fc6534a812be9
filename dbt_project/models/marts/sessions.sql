with

events as (

    select * from {{ ref('events') }}
    where session_id is not null

),

grouped as (

    select
        session_id,
        max_by(customer_id, (occurred_at, event_id)) filter (where customer_id is not null) as customer_id,
        min(anonymous_id) as anonymous_id,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        count(*) as event_count,
        count(*) filter (where event_type in ('page', 'screen')) as page_view_count,
        count(*) filter (where event_name = 'Product Viewed') as product_view_count,
        bool_or(event_name = 'Product Added') as has_cart_add,
        bool_or(event_name = 'Checkout Started') as has_checkout,
        bool_or(event_name = 'Order Completed') as has_order,
        bool_or(event_type = 'screen') as is_app,
        min_by(page_path, (occurred_at, event_id)) filter (where page_path is not null) as landing_path,
        min_by(referrer, (occurred_at, event_id)) filter (where referrer is not null) as referrer,
        min_by(utm_source, (occurred_at, event_id)) filter (where utm_source is not null) as utm_source,
        min_by(utm_medium, (occurred_at, event_id)) filter (where utm_source is not null) as utm_medium,
        min_by(utm_campaign, (occurred_at, event_id)) filter (where utm_source is not null) as utm_campaign,
        min(device_type) as device_type
    from events
    group by session_id

),

final as (

    select
        session_id,
        customer_id,
        anonymous_id,
        started_at,
        ended_at,
        cast(started_at as date) as session_date,
        {{ dbt.datediff('started_at', 'ended_at', 'second') }} as duration_seconds,
        event_count,
        page_view_count,
        product_view_count,
        coalesce(has_cart_add, false) as has_cart_add,
        coalesce(has_checkout, false) as has_checkout,
        coalesce(has_order, false) as has_order,
        coalesce(is_app, false) as is_app,
        landing_path,
        referrer,
        utm_source,
        utm_medium,
        utm_campaign,
        device_type
    from grouped

)

select * from final
