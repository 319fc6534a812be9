{%- set days = var('churned_after_days') -%}

with

purchases as (

    select
        order_id,
        customer_id,
        order_date,
        lag(order_date) over (partition by customer_id order by customer_order_number) as previous_date,
        lead(order_date) over (partition by customer_id order by customer_order_number) as next_date
    from {{ ref('orders') }}
    where customer_order_number is not null

),

changes as (

    select
        order_id || ':active' as change_id,
        order_date as measured_on,
        customer_id,
        1 as change
    from purchases
    where previous_date is null or {{ dbt.datediff('previous_date', 'order_date', 'day') }} > {{ days }}
    union all
    select
        order_id || ':lost' as change_id,
        cast({{ dbt.dateadd('day', days ~ ' + 1', 'order_date') }} as date) as measured_on,
        customer_id,
        -1 as change
    from purchases
    where next_date is null or {{ dbt.datediff('order_date', 'next_date', 'day') }} > {{ days }}

),

-- who has not been silent for long enough yet is not lost
final as (

    select * from changes
    where measured_on <= cast({{ as_of() }} as date)

)

select * from final
