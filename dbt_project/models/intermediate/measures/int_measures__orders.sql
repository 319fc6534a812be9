{%- set paid_media = "'" ~ var("paid_media") | join("', '") ~ "'" -%}

with

orders as (

    select * from {{ ref('orders') }}

),

measures as (

    select
        order_date as measured_on,
        'revenue' as measure,
        cast(null as varchar) as counted_id,
        sum(net_revenue_amount) as amount
    from orders
    group by order_date
    union all
    select
        order_date as measured_on,
        'purchases' as measure,
        cast(null as varchar) as counted_id,
        count(*) as amount
    from orders
    where is_purchase
    group by order_date
    union all
    select
        order_date as measured_on,
        'purchase_revenue' as measure,
        cast(null as varchar) as counted_id,
        sum(net_revenue_amount) as amount
    from orders
    where is_purchase
    group by order_date
    union all
    select
        order_date as measured_on,
        'paid_media_revenue' as measure,
        cast(null as varchar) as counted_id,
        sum(net_revenue_amount) as amount
    from orders
    where lower(utm_medium) in ({{ paid_media }})
    group by order_date
    union all
    select distinct
        order_date as measured_on,
        'buying_customers' as measure,
        customer_id as counted_id,
        cast(null as decimal(18, 4)) as amount
    from orders
    where customer_order_number is not null
    union all
    select
        order_date as measured_on,
        'new_customers' as measure,
        customer_id as counted_id,
        cast(null as decimal(18, 4)) as amount
    from orders
    where customer_order_number = 1
    union all
    select distinct
        order_date as measured_on,
        'returning_customers' as measure,
        customer_id as counted_id,
        cast(null as decimal(18, 4)) as amount
    from orders
    where customer_order_number > 1

)

select * from measures
