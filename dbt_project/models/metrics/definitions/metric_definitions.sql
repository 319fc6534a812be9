with

final as (

    {%- for metric in metric_blocks() %}
    {%- set row = metric_row(metric) %}
    select
        '{{ metric.name }}' as metric,
        {{ loop.index }} as place,
        {{ metric_literal(metric.label) }} as title,
        {{ metric_literal(metric.description) }} as formula,
        '{{ metric.type }}' as kind,
        {{ metric_literal(metric.config.meta.unit) }} as unit,
        {{ metric_literal(metric.config.meta.better) }} as better,
        {{ metric_literal(metric.config.meta.grain) }} as grain,
        {{ metric_literal(row.expression) }} as expression,
        {{ metric_literal(row.numerator) }} as numerator_expression,
        {{ metric_literal(row.denominator) }} as denominator_expression,
        {{ metric_literal(metric.config.meta.get('needs_input', []) | join(', ')) }} as needs_input
    {{ 'union all' if not loop.last }}
    {%- else %}
    select 1 as place
    {%- endfor %}

)

select * from final
