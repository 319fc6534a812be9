with

members as (

    select * from {{ marts_segment_members('lapsed_buyers') }}

),

customers as (

    select * from {{ ref('customers') }}

),

final as (

    select
        customers.customer_id,
        customers.email,
        customers.phone,
        customers.first_name,
        customers.last_name,
        customers.city,
        customers.postcode,
        customers.country,
        customers.birth_date
    from members
    inner join customers on members.customer_id = customers.customer_id

)

select * from final
