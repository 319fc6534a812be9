{#- Seconds since 1970 as text: a short, sortable name for a moment. -#}
{% macro marts_epoch_text(moment) -%}
    {{ adapter.dispatch('marts_epoch_text', 'cdp')(moment) }}
{%- endmacro %}

{% macro default__marts_epoch_text(moment) -%}
    cast(unix_timestamp({{ moment }}) as string)
{%- endmacro %}

{% macro duckdb__marts_epoch_text(moment) -%}
    cast(cast(epoch({{ moment }}) as bigint) as varchar)
{%- endmacro %}

{#- Pieces of sentences that a person reads. -#}
{% macro marts_money_text(amount, currency) -%}
    cast(cast({{ amount }} as decimal(18, 2)) as varchar) || coalesce(' ' || {{ currency }}, '')
{%- endmacro %}

{% macro marts_date_text(moment) -%}
    cast(cast({{ moment }} as date) as varchar)
{%- endmacro %}

{#- `3 items`, `1 item`. -#}
{% macro marts_count_text(count, noun) -%}
    cast({{ count }} as varchar) || case when {{ count }} = 1 then ' {{ noun }}' else ' {{ noun }}s' end
{%- endmacro %}

{#- ` “text”`, or nothing. -#}
{% macro marts_quoted(text) -%}
    coalesce(' “' || nullif({{ text }}, '') || '”', '')
{%- endmacro %}

{#- Who a web or app event came from, before anybody is known: the browser, else the account, else the event alone. -#}
{% macro marts_visitor_id() -%}
    coalesce(anonymous_id, 'user:' || user_id, event_id)
{%- endmacro %}

{#- True when the value is one of a declared list of names; null counts as not. -#}
{% macro is_one_of(value, names) -%}
    coalesce({{ value }} in (
        {%- for name in names %}'{{ name }}'{{ ', ' if not loop.last }}{% endfor -%}
    ), false)
{%- endmacro %}
