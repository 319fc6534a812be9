with

final as (

    {%- for semantic_model in metric_facts() %}
    {%- set dimensions = dict({'all': "'all'"}, **metric_dimensions(semantic_model)) %}
    {%- if metric_customer_expr(semantic_model) %}{% do dimensions.update({'segment': 'segment_name'}) %}{% endif %}
    {%- for measure in semantic_model.measures %}
    {%- for dimension, sql in dimensions.items() %}
    select
        '{{ measure.name }}' as measure,
        '{{ dimension }}' as dimension,
        '{{ semantic_model.node_relation.schema_name }}.{{ semantic_model.node_relation.alias }}' as table_name,
        {{ metric_literal(metric_time_expr(semantic_model)) }} as time_expression,
        '{{ measure.agg }}' as aggregation,
        {{ metric_literal(metric_expr(measure)) }} as expression,
        {{ metric_literal(sql) }} as dimension_expression,
        {{ metric_literal(metric_customer_expr(semantic_model)) }} as customer_expression
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select 'none' as measure
    {%- endfor %}

)

select * from final
