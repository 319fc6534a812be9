with

members as (

    select * from {{ marts_segment_members('vip_customers') }}

),

customers as (

    select * from {{ ref('customers') }}

),

final as (

    select
        customers.customer_id,
        customers.email,
        customers.first_name,
        customers.last_name,
        customers.phone,
        customers.total_spend_amount,
        customers.order_count,
        cast(customers.last_order_at as date) as last_order_date
    from members
    inner join customers on members.customer_id = customers.customer_id

)

select * from final
