{%- set sources = [
    ('stg_shopify__customers', 'region', 'cast(null as varchar)'),
    ('stg_hubspot__contacts', 'region', 'cast(null as varchar)'),
    ('stg_square__customers', 'region', 'cast(null as varchar)'),
    ('stg_segment__users', 'cast(null as varchar)', 'language'),
] -%}

with

details as (

    {%- for model, region, language in sources %}
    select
        record_id,
        {{ region }} as region,
        {{ language }} as language
    from {{ ref(model) }}
    where record_id is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from details
