with

orders as (

    select * from {{ ref('orders') }}
    where order_date <= cast({{ as_of() }} as date)

),

customers as (

    select * from {{ ref('customers') }}

),

acquisitions as (

    select * from {{ ref('customer_acquisitions') }}

),

final as (

    select
        orders.order_id,
        orders.order_date as measured_on,
        orders.customer_id,
        orders.sales_channel as channel,
        orders.source,
        coalesce(acquisitions.acquisition_channel, 'unknown') as acquisition_channel,
        coalesce(orders.shipping_country, customers.country, 'unknown') as country,
        coalesce(customers.favourite_category, 'unknown') as favourite_category,
        coalesce(substring(cast(acquisitions.cohort_month_date as varchar), 1, 7), 'unknown') as cohort_month,
        orders.net_revenue_amount as revenue,
        case when orders.is_purchase then 1 else 0 end as purchases,
        case when orders.is_purchase then orders.net_revenue_amount else 0 end as purchase_revenue,
        case when orders.customer_order_number is not null then orders.customer_id end as buying_customers,
        case when orders.customer_order_number = 1 then orders.customer_id end as new_customers,
        case when orders.customer_order_number > 1 then orders.customer_id end as returning_customers
    from orders
    left join customers on orders.customer_id = customers.customer_id
    left join acquisitions on orders.customer_id = acquisitions.customer_id

)

select * from final
