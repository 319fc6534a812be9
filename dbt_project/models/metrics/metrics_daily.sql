with

definitions as (

    select * from {{ ref('metric_definitions') }}

),

days as (

    select
        measures.measured_on,
        measures.measure,
        {{ marts_measured('measures') }} as value
    from {{ ref('int_measures__united') }} as measures
    group by measures.measured_on, measures.measure

),

-- a day belongs to a metric when its numerator or its denominator has something to say about it
metric_days as (

    select distinct
        definitions.metric,
        days.measured_on
    from definitions
    inner join days on days.measure in (definitions.numerator_measure, definitions.denominator_measure)

),

valued as (

    select
        metric_days.metric,
        metric_days.measured_on as metric_date,
        coalesce(numerators.value, 0) as numerator,
        case when definitions.denominator_measure is not null then coalesce(denominators.value, 0) end as denominator,
        definitions.denominator_measure
    from metric_days
    inner join definitions on metric_days.metric = definitions.metric
    left join days as numerators
        on
            metric_days.measured_on = numerators.measured_on
            and definitions.numerator_measure = numerators.measure
    left join days as denominators
        on
            metric_days.measured_on = denominators.measured_on
            and definitions.denominator_measure = denominators.measure

),

final as (

    select
        metric,
        metric_date,
        numerator,
        denominator,
        {{ marts_metric_value('numerator', 'denominator', 'denominator_measure') }} as value
    from valued

)

select * from final
