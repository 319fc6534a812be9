with

today as (

    select * from {{ ref('data_quality_fields') }}

),

-- an earlier run of today is kept in the history already; what is true now takes its place
earlier_days as (

    select * from {{ source('state', 'data_quality_history') }}
    where as_of_date not in (select today.as_of_date from today)

),

united as (

    select * from earlier_days
    union all
    select * from today

)

select * from united
