with

members as (

    select * from {{ ref('household_members') }}

),

customers as (

    select * from {{ ref('customers') }}

),

final as (

    select
        members.household_id,
        min(customers.last_name) as last_name,
        min(customers.postcode) as postcode,
        min(customers.city) as city,
        count(*) as member_count,
        sum(customers.order_count) as order_count,
        sum(customers.total_spend_amount) as total_spend_amount,
        min(customers.currency) as currency,
        max(customers.last_order_at) as last_order_at
    from members
    inner join customers on members.customer_id = customers.customer_id
    group by members.household_id

)

select * from final
