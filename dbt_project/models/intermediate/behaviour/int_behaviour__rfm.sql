with

purchases as (

    select
        as_of_at,
        customer_id,
        {{ dbt.datediff('last_order_at', 'as_of_at', 'day') }} as recency_days,
        order_count as frequency_orders,
        coalesce(total_spend_amount, 0) as monetary_amount
    from {{ ref('int_behaviour__purchases') }}
    where order_count > 0

),

scored as (

    select
        *,
        {{ marts_score_at_most('recency_days', var('rfm_recency_days')) }} as recency_score,
        {{ marts_score_at_least('frequency_orders', var('rfm_frequency_orders')) }} as frequency_score,
        {{ marts_score_at_least('monetary_amount', var('rfm_monetary_amounts')) }} as monetary_score
    from purchases

),

grouped as (

    select
        *,
        cast(recency_score as varchar) || cast(frequency_score as varchar) || cast(monetary_score as varchar)
            as rfm_score,
        case
            when recency_score >= 4 and frequency_score >= 4 and monetary_score >= 4 then 'champions'
            when recency_score >= 3 and frequency_score >= 3 then 'loyal'
            when recency_score >= 4 and frequency_score = 1 then 'new'
            when recency_score >= 3 then 'promising'
            when frequency_score >= 3 or monetary_score >= 4 then 'slipping_away'
            else 'asleep'
        end as rfm_group
    from scored

)

select * from grouped
