{%- set identifiers = [
    ('email', 'email', 'email_is_placeholder', 'email is not null'),
    ('phone', 'phone', 'phone_is_placeholder', 'phone is not null'),
    ('loyalty_id', 'loyalty_id', 'false', 'loyalty_id is not null'),
    ('web_user_id', 'web_user_id', 'false', 'web_user_id is not null'),
    ('hubspot_contact_id', 'source_key', 'false', "source = 'hubspot_contacts'"),
    ('square_customer_id', 'source_key', 'false', "source = 'square_customers'"),
] -%}

with

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

records as (

    select
        clusters.customer_id,
        clusters.strict_id = clusters.customer_id as is_strict,
        records.source,
        records.source_key,
        records.seen_at,
        records.email,
        records.phone,
        records.loyalty_id,
        records.web_user_id,
        records.email_is_placeholder,
        records.phone_is_placeholder
    from {{ ref('int_identity__records') }} as records
    inner join clusters on records.record_id = clusters.record_id

),

carried as (

    {%- for identifier_type, column, is_placeholder, condition in identifiers %}
    select
        customer_id,
        source,
        seen_at,
        '{{ identifier_type }}' as identifier_type,
        {{ column }} as identifier_value,
        {{ is_placeholder }} as is_placeholder,
        is_strict
    from records
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

by_source as (

    select
        customer_id,
        identifier_type,
        identifier_value,
        source,
        min(seen_at) as first_seen_at,
        max(seen_at) as last_seen_at,
        count(*) as record_count,
        bool_or(is_placeholder) as is_placeholder,
        bool_or(is_strict) as is_strict
    from carried
    group by customer_id, identifier_type, identifier_value, source

),

final as (

    select
        customer_id,
        identifier_type,
        identifier_value,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        sum(record_count) as record_count,
        {{ sorted_list('source') }} as sources,
        bool_or(is_placeholder) as is_placeholder,
        bool_or(is_strict) as is_strict
    from by_source
    group by customer_id, identifier_type, identifier_value

)

select * from final
