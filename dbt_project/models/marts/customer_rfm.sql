with

buyers as (

    select * from {{ ref('customer_behaviour') }}
    where order_count > 0

),

final as (

    select
        customer_id,
        recency_days,
        order_count as frequency_orders,
        total_spend_amount as monetary_amount,
        currency,
        recency_score,
        frequency_score,
        monetary_score,
        rfm_score,
        rfm_group
    from buyers

)

select * from final
