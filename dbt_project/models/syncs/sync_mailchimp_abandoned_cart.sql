with

members as (

    select * from {{ marts_segment_members('abandoned_cart') }}

),

customers as (

    select * from {{ ref('customers') }}

),

final as (

    select
        customers.customer_id,
        customers.email
    from members
    inner join customers on members.customer_id = customers.customer_id

)

select * from final
