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

{#- All values of a group in their order, as one text. DuckDB sorts a list of few values in half the time that it takes to
    aggregate them in order (measured: 0.48 instead of 0.99 CPU-s for 340,000 groups). -#}
{% macro sorted_list(column) -%}
    {{ adapter.dispatch('sorted_list', 'cdp')(column) }}
{%- endmacro %}

{% macro default__sorted_list(column) -%}
    {{ dbt.listagg(column, "', '", 'order by ' ~ column) }}
{%- endmacro %}

{% macro duckdb__sorted_list(column) -%}
    array_to_string(list_sort(list({{ column }})), ', ')
{%- endmacro %}
