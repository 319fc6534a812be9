with

acts as (

    select
        customer_id,
        max(occurred_at) filter (where event_name = 'Product Viewed') as last_viewed_at,
        max(occurred_at) filter (where event_name in ('Product Added', 'Checkout Started', 'Order Completed'))
            as last_carted_at
    from {{ ref('events') }}
    where customer_id is not null and not is_bot
    group by customer_id

),

customers as (

    select * from {{ ref('customers') }}

),

members as (

    select
        acts.customer_id,
        'Looked at products on ' || {{ marts_date_text('acts.last_viewed_at') }} || ' and left it at that.' as reason,
        acts.last_viewed_at
    from acts
    inner join customers on acts.customer_id = customers.customer_id
    where
        {{ marts_days_ago('acts.last_viewed_at') }} <= {{ var('abandoned_browse_days') }}
        and (acts.last_carted_at is null or acts.last_carted_at < acts.last_viewed_at)
        and (customers.last_order_at is null or customers.last_order_at < acts.last_viewed_at)

)

select * from members
