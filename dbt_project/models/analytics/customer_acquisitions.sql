with

orders as (

    select * from {{ ref('orders') }}
    where is_purchase and customer_id is not null and customer_order_number = 1

),

credited as (

    select
        order_id,
        channel,
        campaign
    from {{ ref('attribution') }}
    where attribution_model = 'last_non_direct' and share > 0

),

final as (

    select
        orders.customer_id,
        orders.order_id as first_order_id,
        orders.ordered_at as acquired_at,
        {{ dbt.date_trunc('month', 'orders.order_date') }} as cohort_month_date,
        credited.channel as acquisition_channel,
        credited.campaign as acquisition_campaign
    from orders
    inner join credited on orders.order_id = credited.order_id

)

select * from final
