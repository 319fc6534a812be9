with

final as (

    select blocks.*
    from (
        values
        {%- for metric in metric_blocks() %}
        {%- set row = metric_row(metric) %}
        (
            '{{ metric.name }}',
            {{ loop.index }},
            {{ metric_literal(metric.label) }},
            {{ metric_literal(metric.description) }},
            '{{ metric.type }}',
            {{ metric_literal(metric.config.meta.unit) }},
            {{ metric_literal(metric.config.meta.better) }},
            {{ metric_literal(metric.config.meta.area) }},
            {{ metric_literal(metric.config.meta.grain) }},
            {{ metric_literal(row.expression) }},
            {{ metric_literal(row.numerator) }},
            {{ metric_literal(row.denominator) }},
            {{ metric_literal(metric.config.meta.needs_data) }},
            {{ metric_literal(metric.config.meta.get('needs_input', []) | join(', ')) }}
        ){{ ',' if not loop.last }}
        {%- else %}
        ('none', 1, '', '', '', '', '', '', '', '', '', '', '', '')
        {%- endfor %}
    ) as blocks (
        metric,
        place,
        title,
        formula,
        kind,
        unit,
        better,
        area,
        grain,
        expression,
        numerator_expression,
        denominator_expression,
        needs_data,
        needs_input
    )

)

select * from final
