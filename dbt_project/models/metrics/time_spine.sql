{#- From the first day on which anything was measured: every table has its orders, visits or spend. -#}
with

known as (

    select min(first_date) as first_date
    from (
        select min(order_date) as first_date from {{ ref('orders') }}
        union all
        select min(session_date) from {{ ref('sessions') }}
        union all
        select min(spend_date) from {{ ref('ad_spend') }}
    ) as firsts

),

numbers as (

    {{ dbt.generate_series(20000) }}

),

days as (

    select cast({{ dbt.dateadd('day', 'cast(generated_number - 1 as int)', 'known.first_date') }} as date) as date_day
    from known
    cross join numbers

),

final as (

    select date_day
    from days
    where date_day <= cast({{ as_of() }} as date)

)

select * from final
