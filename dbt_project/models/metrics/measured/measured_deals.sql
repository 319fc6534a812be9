with

deals as (

    select
        deal_id,
        cast(closed_at as date) as measured_on,
        customer_id,
        coalesce(pipeline, 'unknown') as pipeline,
        is_won,
        amount,
        {{ dbt.datediff('created_at', 'closed_at', 'day') }} as days_open
    from {{ ref('deals') }}
    where closed_at is not null and (is_won or is_lost)

)

select * from deals
