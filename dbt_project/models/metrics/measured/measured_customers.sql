with

customers as (

    select * from {{ ref('customers') }}

),

acquisitions as (

    select * from {{ ref('customer_acquisitions') }}

),

final as (

    select
        customers.customer_id,
        coalesce(acquisitions.acquisition_channel, 'none') as acquisition_channel,
        coalesce(substring(cast(acquisitions.cohort_month_date as varchar), 1, 7), 'none') as cohort_month,
        coalesce(customers.country, 'unknown') as country,
        coalesce(customers.favourite_category, 'unknown') as favourite_category
    from customers
    left join acquisitions on customers.customer_id = acquisitions.customer_id

)

select * from final
