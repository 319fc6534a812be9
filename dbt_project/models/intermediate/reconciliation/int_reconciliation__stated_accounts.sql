with

accounts as (

    select
        'shopify' as source,
        record_id,
        order_count as stated_orders,
        total_spent_amount as stated_amount
    from {{ ref('stg_shopify__customers') }}
    union all
    select
        'square' as source,
        record_id,
        transaction_count as stated_orders,
        lifetime_spend_amount as stated_amount
    from {{ ref('stg_square__customers') }}

)

select * from accounts
