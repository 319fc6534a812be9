with

series as (

    select * from {{ ref('int_measures__series') }}
    where dimension <> 'all'

),

measured_dimensions as (

    select
        measure,
        dimension
    from {{ ref('metric_measures') }}

),

valued as (

    {{ metric_long_values('series', ['measured_on as metric_date', 'dimension', 'dimension_value']) }}

),

needed as (

    select parts.*
    from (
        values
        {%- for metric in metric_blocks() %}
        {%- set series = {} %}
        {%- do metric_expression(metric, series) %}
        {%- set measures = series.values() | map(attribute='measure') | unique | list %}
        {%- for measure in measures %}
        ('{{ metric.name }}', '{{ measure }}', {{ measures | length }}){{ ',' if not loop.last }}
        {%- endfor %}{{ ',' if not loop.last }}
        {%- else %}
        ('none', 'none', 1)
        {%- endfor %}
    ) as parts (metric, measure, measure_count)

),

-- a metric has a dimension when all that it is made of has
told_apart as (

    select
        needed.metric,
        measured_dimensions.dimension
    from needed
    inner join measured_dimensions on needed.measure = measured_dimensions.measure
    group by needed.metric, measured_dimensions.dimension
    having count(*) = max(needed.measure_count)

),

final as (

    select valued.*
    from valued
    inner join told_apart on valued.metric = told_apart.metric and valued.dimension = told_apart.dimension

)

select * from final
