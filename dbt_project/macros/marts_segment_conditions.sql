{#- Whether a value is one of a list; with an empty list `if_empty`. -#}
{% macro marts_one_of(column, values, if_empty='false') -%}
    {%- if values -%}
        {{ column }} in (
            {%- for value in values %}'{{ value | replace("'", "''") }}'{{ ', ' if not loop.last }}{% endfor -%}
        )
    {%- else -%}
        {{ if_empty }}
    {%- endif -%}
{%- endmacro %}

{#- Whether a text starts with one of a list; with an empty list, true. -#}
{% macro marts_starts_with(column, starts) -%}
    {%- if starts -%}
        (
            {%- for start in starts %}{{ column }} like '{{ start | replace("'", "''") }}%'{{ ' or ' if not loop.last }}{% endfor -%}
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- Whether a text has one of the words, whole, in capitals or not. -#}
{% macro marts_has_word(column, words) -%}
    {{ regex_matches('lower(' ~ column ~ ')', '(^|[^a-z])(' ~ (words | join('|')) ~ ')([^a-z]|$)') }}
{%- endmacro %}

{#- Years completed since a date of birth. -#}
{% macro marts_age(birth_date) -%}
    {%- set month_day = "extract(month from {0}) * 100 + extract(day from {0})" -%}
    (
        extract(year from {{ as_of() }}) - extract(year from {{ birth_date }})
        - case
            when {{ month_day.format(as_of()) }} < {{ month_day.format(birth_date) }} then 1
            else 0
        end
    )
{%- endmacro %}

{% macro marts_is_weekend(date) -%}
    {{ adapter.dispatch('marts_is_weekend', 'cdp')(date) }}
{%- endmacro %}

{% macro default__marts_is_weekend(date) -%}
    dayofweek({{ date }}) in (1, 7)
{%- endmacro %}

{% macro duckdb__marts_is_weekend(date) -%}
    isodow({{ date }}) >= 6
{%- endmacro %}

{#- A segment by score: the whole model. `column` is a probability (0–1) of the table that var customer_scores names; while
    none is named nobody is in it, so that a segment can be declared, synced and combined before there are scores. -#}
{% macro marts_scored_segment(column, words, at_least) -%}
{%- set table = var('customer_scores') -%}
with

{% if table %}
scores as (

    select
        customer_id,
        {{ column }} as probability
    from {{ ref(table) }}

),

members as (

    select
        customer_id,
        '{{ words }} with a probability of ' || cast(cast(round(probability * 100) as integer) as varchar) || ' %.' as reason,
        probability
    from scores
    where probability >= {{ at_least }}

)
{% else %}
-- no predictions yet: var customer_scores names no table
members as (

    select
        cast(null as varchar) as customer_id,
        cast(null as varchar) as reason,
        cast(null as double) as probability
    where false

)
{% endif %}

select * from members
{%- endmacro %}
