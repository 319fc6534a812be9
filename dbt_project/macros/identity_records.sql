{#-
    The select list that every source of int_identity__records shares, so that their union lines up. `source` and `key`
    name the record; the rest are columns of the staging model, null where a source does not know them.
-#}
{% macro record_columns(source, key) -%}
    {%- set texts = [
        'first_name', 'last_name', 'full_name', 'email', 'phone', 'email_raw', 'phone_raw', 'street', 'city',
        'postcode', 'country', 'company', 'loyalty_id', 'web_user_id',
        'birth_date_raw', 'postcode_raw', 'country_raw', 'name_problem', 'email_problem', 'phone_problem',
        'birth_date_problem', 'postcode_problem', 'country_problem'
    ] -%}
        '{{ source }}' as source,
        {{ key }} as source_key,
    {%- for column in texts %}
        {{ kwargs.get(column, 'cast(null as varchar)') }} as {{ column }},
    {%- endfor %}
        {{ kwargs.get('birth_date', 'cast(null as date)') }} as birth_date,
        cast({{ kwargs.get('seen_at', 'null') }} as timestamp) as seen_at
{%- endmacro %}

{#- People whom no list describes, only the things they did: per record the row that happened last. -#}
{% macro newest_of(relation, time_column) -%}
    {{ adapter.dispatch('newest_of', 'cdp')(relation, time_column) }}
{%- endmacro %}

{% macro default__newest_of(relation, time_column) -%}
    (
        select *
        from (
            select
                *,
                row_number() over (partition by record_id order by {{ time_column }} desc nulls last) as recency
            from {{ relation }}
            where record_id is not null
        ) as ranked
        where recency = 1
    ) as newest
{%- endmacro %}

{#- True when the value stands in the list `field` of the seed; the model imports the seed as `placeholders`. -#}
{% macro is_placeholder(value, field) -%}
    coalesce({{ value }} in (select listed.value from placeholders as listed where listed.field = '{{ field }}'), false)
{%- endmacro %}

{#- True for `0000000000`, also after the start of a number (`07000000000`, `+44 0000 000000`). -#}
{% macro is_one_digit_repeated(digits) -%}
    coalesce(
        length({{ digits }}) > 5
        and replace({{ digits }}, right({{ digits }}, 1), '') in ('', '0', '7', '07', '44', '447'), false
    )
{%- endmacro %}
