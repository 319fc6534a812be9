{%- set today = 'cast(' ~ as_of() ~ ' as date)' -%}

with

-- an earlier run of today is kept in the history already; what is true now takes its place
earlier_days as (

    select * from {{ source('state', 'data_quality_history') }}
    where as_of_date <> {{ today }}

),

this_day as (

    select
        {{ today }} as as_of_date,
        *
    from {{ ref('data_quality_fields') }}

),

united as (

    select * from earlier_days
    union all
    select * from this_day

)

select * from united
