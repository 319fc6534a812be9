with

scored as (

    select * from {{ ref('customer_rfm') }}

),

members as (

    select
        customer_id,
        'Last bought ' || cast(recency_days as varchar) || ' days ago, '
        || {{ marts_count_text('frequency_orders', 'order') }}
        || ' for ' || {{ marts_money_text('monetary_amount', 'currency') }} || ' in all.' as reason,
        rfm_score,
        monetary_amount
    from scored
    where rfm_group = 'loyal'

)

select * from members
