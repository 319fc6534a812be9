{#- SQL that adds up and counts what semantic models declare. What they declare is read in metric_definitions.sql. -#}

{#- A semantic model's rows until the run's day, with measured_on and the customer's dimensions (customer__…). -#}
{% macro metric_fact_rows(semantic_model) -%}
    {%- set customer = metric_customer_expr(semantic_model) -%}
    {%- set time = metric_time_expr(semantic_model) -%}
    select
        facts.*
        {%- if time != 'measured_on' %},
        cast({{ time }} as date) as measured_on
        {%- endif %}
        {%- if customer %}
        {%- for name in metric_customer_dimensions() %},
        customers.{{ name }} as customer__{{ name }}
        {%- endfor %}
        {%- endif %}
    from {{ ref(metric_model_of(semantic_model)) }} as facts
    {%- if customer %}
    left join {{ ref('measured_customers') }} as customers on facts.{{ customer }} = customers.customer_id
    {%- endif %}
    where {{ time }} <= cast({{ as_of() }} as date)
{%- endmacro %}

{#- The measures of a semantic model, as columns of a select that groups. -#}
{% macro metric_measure_columns(semantic_model) -%}
    {%- for measure in semantic_model.measures %}
        {{ 'count(distinct ' ~ metric_expr(measure) ~ ')' if measure.agg == 'count_distinct'
            else 'sum(' ~ metric_expr(measure) ~ ')' }} as {{ measure.name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- One row per group and measure, from a table with a column per measure; nothing where nothing was measured. -#}
{% macro metric_long(semantic_model, table, keys) -%}
    {%- for measure in semantic_model.measures %}
    select
        {{ keys | join(', ') }},
        '{{ measure.name }}' as measure,
        cast({{ measure.name }} as double) as value
    from {{ table }}
    where {{ measure.name }} <> 0
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- else %}
    select * from {{ table }}
    {%- endfor %}
{%- endmacro %}

{#- The values of metrics by the given keys, from a table with a column per series. -#}
{% macro metric_long_values(table, keys) -%}
    {%- for metric in metric_blocks() %}
    {%- set row = metric_row(metric) %}
    select
        '{{ metric.name }}' as metric,
        {{ keys | join(', ') }},
        cast({{ row.numerator or 'null' }} as double) as numerator,
        cast({{ row.denominator or 'null' }} as double) as denominator,
        cast({{ row.expression }} as double) as value
    from {{ table }}
    where coalesce({{ row.own_series | join(', ') }}{{ ', null' if row.own_series | length == 1 }}) is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- else %}
    select * from {{ table }}
    {%- endfor %}
{%- endmacro %}
