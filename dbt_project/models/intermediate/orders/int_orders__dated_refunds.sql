with

lines as (

    select * from {{ ref('stg_square__items') }}
    where is_refund

),

refunds as (

    select
        order_id,
        sold_at as refunded_at,
        sum(abs(net_amount) + abs(tax_amount)) as refunded_amount
    from lines
    group by order_id, sold_at

)

select * from refunds
