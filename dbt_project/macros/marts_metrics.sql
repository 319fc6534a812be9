{#- Columns of a table with one row per day, as rows of measures. -#}
{% macro marts_measures(days, names) -%}
    {%- for name in names %}
    select
        measured_on,
        '{{ name }}' as measure,
        cast(null as varchar) as counted_id,
        cast({{ name }} as decimal(18, 4)) as amount
    from {{ days }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- The value of a measure over a group of its rows: a sum, or how many different ids. The one place that knows. -#}
{% macro marts_measured(alias) -%}
    coalesce(sum({{ alias }}.amount), count(distinct {{ alias }}.counted_id))
{%- endmacro %}

{#- A metric's value: its numerator, or the ratio where a denominator is declared (null when that is zero). -#}
{% macro marts_metric_value(numerator, denominator, denominator_measure) -%}
    case
        when {{ denominator_measure }} is null then cast({{ numerator }} as double)
        else cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
    end
{%- endmacro %}
