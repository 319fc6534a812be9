{#- attribute: key that tells values apart, value to read, usable, whole, verification, stated at all -#}
{%- set attributes = {
    'name': (
        "concat_ws(' ', first_name, last_name)", 'display_name', 'true',
        'first_name is not null and last_name is not null', '1',
        'coalesce(first_name, last_name, display_name) is not null'
    ),
    'email': ('email', 'email', 'is_email_usable', 'true', 'email_verification', 'email is not null'),
    'phone': ('phone', 'phone', 'not phone_is_placeholder', 'true', '1', 'phone is not null'),
    'address': (
        "concat_ws(', ', lower(city), postcode, lower(region), country)",
        "concat_ws(', ', city, postcode, region, country)", 'true', 'true', '1', 'coalesce(postcode, city) is not null'
    ),
    'country': ('country', 'country', 'true', 'true', '1', 'country is not null'),
    'birth_date': (
        'cast(birth_date as varchar)', 'cast(birth_date as varchar)', 'true', 'true', '1', 'birth_date is not null'
    ),
    'birthday': ('birthday', 'birthday', 'true', 'true', '1', 'birthday is not null'),
    'company': ('lower(company)', 'company', 'true', 'true', '1', 'company is not null'),
    'language': ('language', 'language', 'true', 'true', '1', 'language is not null'),
} -%}

with

records as (

    select * from {{ ref('int_customer__ranked_records') }}

),

stated as (

    {%- for attribute, (key, value, usable, whole, verification, condition) in attributes.items() %}
    select
        customer_id,
        '{{ attribute }}' as attribute,
        record_id,
        source,
        seen_at,
        coalesce(nullif({{ key }}, ''), {{ value }}) as value_key,
        coalesce({{ value }}, {{ key }}) as value,
        coalesce({{ usable }}, false) as is_usable,
        {{ whole }} as is_whole,
        {{ verification }} as verification,
        {{ marts_attribute_trust(attribute, 'source') }} as trust
    from records
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

counted as (

    select
        *,
        count(*) over (partition by customer_id, attribute, value_key) as frequency
    from stated

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id, attribute
            order by
                {{ marts_survival_order() }}
        ) as survival
    from counted

)

select * from ranked
