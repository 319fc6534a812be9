{%- set rows = [] -%}
{%- for semantic_model in metric_facts() -%}
    {%- set dimensions = dict({'all': "'all'"}, **metric_dimensions(semantic_model)) -%}
    {%- if metric_customer_expr(semantic_model) -%}{%- do dimensions.update({'segment': 'segment_name'}) -%}{%- endif -%}
    {%- for measure in semantic_model.measures -%}
        {%- for dimension, sql in dimensions.items() -%}
            {%- do rows.append([
                measure.name, dimension,
                semantic_model.node_relation.schema_name ~ '.' ~ semantic_model.node_relation.alias,
                metric_time_expr(semantic_model), measure.agg, metric_expr(measure), sql,
                metric_customer_expr(semantic_model)
            ]) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endfor %}

with

final as (

    select declared.*
    from (
        values
        {%- for row in rows %}
        (
            {%- for text in row %}{{ metric_literal(text) }}{{ ', ' if not loop.last }}{% endfor -%}
        ){{ ',' if not loop.last }}
        {%- else %}
        ('', '', '', '', '', '', '', '')
        {%- endfor %}
    ) as declared (
        measure,
        dimension,
        table_name,
        time_expression,
        aggregation,
        expression,
        dimension_expression,
        customer_expression
    )

)

select * from final
