{#- What dbt's graph declares is not there when this is linted. -#}
-- noqa: disable=LT02
{% set offsets = metric_offsets() -%}
{%- set series = metric_series() %}

with

days as (

    select * from {{ ref('int_measures__daily') }}

),

spine as (

    select date_day from {{ ref('time_spine') }}

),

-- what is added up to a day has a value on every day since its first
summed_measures as (

    select
        measure,
        dimension,
        dimension_value,
        min(measured_on) as first_date
    from days
    where measure in ('' {%- for one in series.values() if one.is_cumulative %}, '{{ one.measure }}'{% endfor %})
    group by measure, dimension, dimension_value

),

to_date as (

    select
        summed_measures.measure,
        spine.date_day as measured_on,
        summed_measures.dimension,
        summed_measures.dimension_value,
        sum(days.value) over (
            partition by summed_measures.measure, summed_measures.dimension, summed_measures.dimension_value
            order by spine.date_day
        ) as value
    from summed_measures
    inner join spine on summed_measures.first_date <= spine.date_day
    left join days
        on
            summed_measures.measure = days.measure
            and summed_measures.dimension = days.dimension
            and summed_measures.dimension_value = days.dimension_value
            and spine.date_day = days.measured_on

),

own as (

    select
        measured_on,
        dimension,
        dimension_value,
        measure as series,
        value
    from days
    union all
    select
        measured_on,
        dimension,
        dimension_value,
        measure || '__to_date' as series,
        value
    from to_date

),

united as (

    select * from own
    {%- for name, offset in offsets.items() %}
    union all
    select
        cast({{ dbt.dateadd(offset.granularity, offset.count, 'measured_on') }} as date) as measured_on,
        dimension,
        dimension_value,
        series || '__{{ name }}_before' as series,
        value
    from own
    {%- endfor %}

),

final as (

    select
        measured_on,
        dimension,
        dimension_value
        {%- for name in series %},
        sum(case when series = '{{ name }}' then value end) as {{ name }}
        {%- endfor %}
    from united
    where measured_on <= cast({{ as_of() }} as date)
    group by measured_on, dimension, dimension_value

)

select * from final
