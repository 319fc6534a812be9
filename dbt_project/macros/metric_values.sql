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
    select *
    from (
        select
            {{ keys | join(', ') }},
            named.measure,
            case named.measure
                {%- for measure in semantic_model.measures %}
                when '{{ measure.name }}' then cast({{ measure.name }} as double)
                {%- endfor %}
            end as value
        from {{ table }}
        cross join {{ metric_names(semantic_model.measures, 'measure') }} as named
    ) as {{ table }}_long
    where value <> 0
{%- endmacro %}

{#- A table of names, to be joined. -#}
{% macro metric_names(things, column) -%}
    (select * from (values {% for thing in things %}('{{ thing.name }}'){{ ', ' if not loop.last }}{% else %}('none'){% endfor %}) as t ({{ column }}))
{%- endmacro %}

{#- For each metric one of its expressions: expression, numerator or denominator, in double precision. -#}
{% macro metric_case(part) -%}
    case named.metric
        {%- for metric in metric_blocks() %}
        {%- set sql = metric_row(metric)[part] %}
        {%- if sql %}
        when '{{ metric.name }}' then cast({{ sql }} as double)
        {%- endif %}
        {%- else %}
        when 'none' then cast(null as double)
        {%- endfor %}
    end
{%- endmacro %}

{#- The values of metrics by the given keys, from a table with a column per series; no row where nothing was measured. -#}
{% macro metric_long_values(table, keys) -%}
    select
        named.metric,
        {{ keys | join(', ') }},
        {{ metric_case('numerator') }} as numerator,
        {{ metric_case('denominator') }} as denominator,
        {{ metric_case('expression') }} as value
    from {{ table }}
    cross join {{ metric_names(metric_blocks(), 'metric') }} as named
    where case named.metric
        {%- for metric in metric_blocks() %}
        when '{{ metric.name }}'
            then {% for name in metric_row(metric).own_series %}{{ name }} is not null{{ ' or ' if not loop.last }}{% endfor %}
        {%- else %}
        when 'none' then true
        {%- endfor %}
    end
{%- endmacro %}
