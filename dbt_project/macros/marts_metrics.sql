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

{#- What an order can be told apart by: columns of measured_orders. -#}
{% macro marts_order_dimensions() -%}
    {{ return(['channel', 'source', 'acquisition_channel', 'country', 'favourite_category', 'cohort_month']) }}
{%- endmacro %}

{#- Measures of buying, as columns of measured_orders: an amount to add up, or a person to count once. -#}
{% macro marts_order_measures() -%}
    {{ return(
        ['revenue', 'purchases', 'purchase_revenue', 'buying_customers', 'new_customers', 'returning_customers']
    ) }}
{%- endmacro %}

{#- One row per day, dimension and value, with every measure of buying; `orders` has the columns of measured_orders. -#}
{% macro marts_dimension_days(orders, dimensions) -%}
    {%- for dimension in dimensions %}
    select
        measured_on,
        '{{ dimension }}' as dimension,
        {{ dimension }} as dimension_value,
        {%- for measure in marts_order_measures() %}
        {{ 'count(distinct ' ~ measure ~ ')' if measure.endswith('_customers') else 'sum(' ~ measure ~ ')' }}
            as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ orders }}
    group by measured_on, {{ dimension }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
