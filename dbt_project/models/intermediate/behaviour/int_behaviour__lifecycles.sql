with

purchases as (

    select * from {{ ref('int_behaviour__purchases') }}
    where order_count > 0

),

rhythms as (

    select * from {{ ref('int_behaviour__rhythms') }}

),

aged as (

    select
        purchases.as_of_at,
        purchases.is_now,
        purchases.customer_id,
        {{ dbt.datediff('purchases.first_order_at', 'purchases.as_of_at', 'day') }} as days_since_first_order,
        {{ dbt.datediff('purchases.last_order_at', 'purchases.as_of_at', 'day') }} as days_since_order,
        rhythms.usual_gap_days,
        rhythms.is_own_rhythm,
        rhythms.newest_gap_days
    from purchases
    inner join rhythms
        on purchases.as_of_at = rhythms.as_of_at and purchases.customer_id = rhythms.customer_id

),

staged as (

    select
        *,
        {{ marts_lifecycle_stage('days_since_first_order', 'days_since_order', 'usual_gap_days', 'newest_gap_days') }}
            as lifecycle_stage
    from aged

)

select * from staged
