with

series as (

    select * from {{ ref('int_measures__series') }}
    where dimension = 'all'

),

final as (

    {{ metric_long_values('series', ['measured_on as metric_date']) }}

)

select * from final
