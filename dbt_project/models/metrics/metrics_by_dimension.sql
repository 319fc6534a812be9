{#- What dbt's graph declares is not there when this is linted. -#}
-- noqa: disable=ST03
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

-- a metric has a dimension when all that it is made of has
told_apart as (

    {%- for metric in metric_blocks() %}
    {%- set needed = {} %}
    {%- do metric_expression(metric, needed) %}
    {%- set measures = needed.values() | map(attribute='measure') | unique | list %}
    select
        '{{ metric.name }}' as metric,
        dimension
    from measured_dimensions
    where measure in ('{{ measures | join("', '") }}')
    group by dimension
    having count(*) = {{ measures | length }}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select 'none' as metric
    {%- endfor %}

),

final as (

    select valued.*
    from valued
    inner join told_apart on valued.metric = told_apart.metric and valued.dimension = told_apart.dimension

)

select * from final
