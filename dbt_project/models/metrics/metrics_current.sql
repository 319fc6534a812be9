with

definitions as (

    select * from {{ ref('metric_definitions') }}

),

periods as (

    select * from {{ ref('int_measures__periods') }}

),

-- without a condition: a metric nobody measured has a row, too
measured as (

    select
        named.metric,
        periods.period,
        {{ metric_case('expression') }} as value
    from periods
    cross join {{ metric_names(metric_blocks(), 'metric') }} as named

),

valued as (

    select
        metric,
        max(case when period = 'current' then value end) as current_value,
        max(case when period = 'previous' then value end) as previous_value
    from measured
    group by metric

),

final as (

    select
        definitions.metric,
        definitions.place,
        definitions.title,
        definitions.unit,
        definitions.better,
        valued.current_value,
        valued.previous_value,
        valued.current_value - valued.previous_value as change,
        case
            when valued.previous_value <> 0
                then (valued.current_value - valued.previous_value) / abs(valued.previous_value)
        end as change_rate,
        case when valued.current_value is null then definitions.needs_input end as missing_input
    from definitions
    inner join valued on definitions.metric = valued.metric

)

select * from final
