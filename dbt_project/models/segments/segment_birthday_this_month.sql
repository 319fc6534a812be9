with

customers as (

    select * from {{ ref('customers') }}

),

members as (

    select
        customer_id,
        'Has a birthday on ' || birthday || ' (month/day).' as reason,
        birthday
    from customers
    where substr(birthday, 1, 2) = lpad(cast(extract(month from {{ as_of() }}) as varchar), 2, '0')

)

select * from members
