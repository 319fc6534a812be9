with

definitions as (

    select * from {{ ref('metric_definitions') }}

),

measured as (

    select * from {{ ref('measured_orders') }}

),

-- an order of somebody in two segments counts in both
segmented as (

    select
        measured.*,
        coalesce(members.segment_name, 'none') as segment
    from measured
    left join {{ ref('segment_membership') }} as members on measured.customer_id = members.customer_id

),

days as (

    {{ marts_dimension_days('measured', marts_order_dimensions()) }}
    union all
    {{ marts_dimension_days('segmented', ['segment']) }}

),

measures as (

    {% for measure in marts_order_measures() -%}
    select
        measured_on,
        dimension,
        dimension_value,
        '{{ measure }}' as measure,
        cast({{ measure }} as decimal(18, 4)) as value
    from days
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

valued as (

    select
        definitions.metric,
        numerators.measured_on as metric_date,
        numerators.dimension,
        numerators.dimension_value,
        numerators.value as numerator,
        denominators.value as denominator,
        definitions.denominator_measure
    from definitions
    inner join measures as numerators on definitions.numerator_measure = numerators.measure
    left join measures as denominators
        on
            definitions.denominator_measure = denominators.measure
            and numerators.measured_on = denominators.measured_on
            and numerators.dimension = denominators.dimension
            and numerators.dimension_value = denominators.dimension_value
    -- a metric is here when all it is made of is; a day without anything is no row
    where
        (definitions.denominator_measure is null or denominators.measure is not null)
        and (numerators.value <> 0 or denominators.value <> 0)

),

final as (

    select
        metric,
        metric_date,
        dimension,
        dimension_value,
        numerator,
        denominator,
        {{ marts_metric_value('numerator', 'denominator', 'denominator_measure') }} as value
    from valued

)

select * from final
