{%- set context_shape = {
    'page': {'url': none, 'path': none, 'referrer': none},
    'campaign': {'source': none, 'medium': none, 'name': none},
    'device': {'type': none},
    'userAgent': none
} -%}
{%- set consent_shape = {'consent': {'categoryPreferences': {}}} -%}
{%- for rule in var('web_consent_categories') -%}
{%- do consent_shape['consent']['categoryPreferences'].update({rule[0]: none}) -%}
{%- endfor -%}
{%- set property_shape = {
    'product_id': none, 'sku': none, 'name': none, 'category': none, 'price': none, 'quantity': none,
    'cart_id': none, 'order_id': none, 'query': none
} -%}

with newest as (
    select * from {{ newest_version(source('raw', 'segment_events'), ['message_id']) }}
),

parsed as (
    select
        message_id as event_id,
        lower(type) as event_type,
        coalesce(event, name) as event_name,
        anonymous_id,
        user_id,
        {{ record_id('segment_users', 'user_id') }} as record_id,
        {{ parse_instant('coalesce(newest.timestamp, original_timestamp, sent_at)') }} as occurred_at,
        {{ parse_instant('received_at') }} as received_at,
        {{ json_struct('context', context_shape) }} as context,
        {{ json_struct('context', consent_shape) }} as consent_context,
        {{ json_struct('properties', property_shape) }} as properties
    from newest
),

flattened as (
    select
        event_id,
        event_type,
        event_name,
        anonymous_id,
        user_id,
        record_id,
        occurred_at,
        received_at,
        context.page.url as page_url,
        context.page.path as page_path,
        context.page.referrer,
        context.campaign.source as utm_source,
        context.campaign.medium as utm_medium,
        context.campaign.name as utm_campaign,
        lower(context.device.type) as device_type,
        context.userAgent as user_agent,
        coalesce({{ is_bot('context.userAgent') }}, false) as is_bot,
        properties.product_id,
        properties.sku,
        properties.name as product_name,
        properties.category,
        {{ cast_or_null('properties.price', 'decimal(18, 2)') }} as price_amount,
        {{ cast_or_null(cast_or_null('properties.quantity', 'double'), 'integer') }} as quantity,
        properties.cart_id,
        properties.order_id as order_reference,
        properties.query as search_query,
        consent_context.consent.categorypreferences as consent_preferences
    from parsed
)

select * from flattened
