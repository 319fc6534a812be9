with

customers as (

    select * from {{ ref('customers') }}

),

members as (

    select
        customer_id,
        'Has spent ' || {{ marts_money_text('total_spend_amount', 'currency') }} || ' in all.' as reason,
        total_spend_amount
    from customers
    where
        order_count > 0
        and total_spend_amount >= {{ var('value_tier_high_amount') }}

)

select * from members
