{%- set today = 'cast(' ~ as_of() ~ ' as date)' -%}

with

definitions as (

    select * from {{ ref('metric_definitions') }}

),

-- 30 days that end with the run's day, and the 30 days before
recent as (

    select
        *,
        case
            when measured_on > {{ dbt.dateadd('day', -30, today) }} then 'current' else 'previous'
        end as period
    from {{ ref('int_measures__united') }}
    where measured_on > {{ dbt.dateadd('day', -60, today) }}

),

periods as (

    select
        recent.measure,
        recent.period,
        {{ marts_measured('recent') }} as value
    from recent
    group by recent.measure, recent.period

),

measured as (

    select
        measure,
        max(case when period = 'current' then value end) as current_value,
        max(case when period = 'previous' then value end) as previous_value
    from periods
    group by measure

),

valued as (

    select
        definitions.metric,
        definitions.title,
        definitions.unit,
        definitions.better,
        {{ marts_metric_value(
            'coalesce(numerators.current_value, 0)', 'denominators.current_value', 'definitions.denominator_measure'
        ) }} as current_value,
        {{ marts_metric_value(
            'coalesce(numerators.previous_value, 0)', 'denominators.previous_value', 'definitions.denominator_measure'
        ) }} as previous_value
    from definitions
    left join measured as numerators on definitions.numerator_measure = numerators.measure
    left join measured as denominators on definitions.denominator_measure = denominators.measure

),

final as (

    select
        *,
        current_value - previous_value as change,
        case when previous_value <> 0 then (current_value - previous_value) / abs(previous_value) end as change_rate
    from valued

)

select * from final
