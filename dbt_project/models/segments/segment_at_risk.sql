with

customers as (

    select
        *,
        {{ marts_days_ago('last_order_at') }} as days_since_order,
        {{ dbt.datediff('first_order_at', 'last_order_at', 'day') }} / (order_count - 1.0) as usual_gap_days
    from {{ ref('customers') }}
    where order_count >= {{ var('at_risk_minimum_orders') }}

),

members as (

    select
        customer_id,
        'Usually buys every ' || {{ marts_count_text('cast(round(usual_gap_days) as integer)', 'day') }}
        || ' but has not for ' || cast(days_since_order as varchar) || ' days.' as reason,
        last_order_at,
        days_since_order,
        usual_gap_days
    from customers
    where
        days_since_order >= {{ var('at_risk_minimum_days') }}
        and days_since_order < {{ var('lapsed_buyers_after_days') }}
        and days_since_order > usual_gap_days * {{ var('at_risk_gap_multiple') }}

)

select * from members
