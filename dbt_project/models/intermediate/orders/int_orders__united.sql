with

orders as (

    select * from {{ ref('int_orders__shopify') }}
    union all
    select * from {{ ref('int_orders__square') }}

)

select * from orders
