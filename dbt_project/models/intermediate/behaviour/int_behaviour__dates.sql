with

run_now as (

    select {{ as_of() }} as as_of_at

),

dates as (

    select
        as_of_at,
        true as is_now
    from run_now
    {%- for months in range(var('behaviour_months') | int) %}
    union all
    select
        cast(date_trunc('month', as_of_at) as timestamp) - interval '{{ months }} months' - interval '1 microsecond'
            as as_of_at,
        false as is_now
    from run_now
    {%- endfor %}

)

select * from dates
