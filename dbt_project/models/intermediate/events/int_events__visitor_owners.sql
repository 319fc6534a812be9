with

events as (

    select * from {{ ref('stg_segment__events') }}

),

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

orders as (

    select
        order_name as order_reference,
        min(customer_id) as customer_id
    from {{ ref('orders') }}
    where source = 'shopify' and customer_id is not null
    group by order_name

),

-- somebody is identified on a device by signing in there, or by an order placed from it
sightings as (

    select
        events.anonymous_id,
        events.occurred_at,
        clusters.customer_id
    from events
    inner join clusters on events.record_id = clusters.record_id
    where events.anonymous_id is not null and not events.is_bot
    union all
    select
        events.anonymous_id,
        events.occurred_at,
        orders.customer_id
    from events
    inner join orders on events.order_reference = orders.order_reference
    where events.anonymous_id is not null and events.record_id is null and not events.is_bot

),

-- two people in the same instant cannot be told apart by time: the smaller id, always
instants as (

    select
        anonymous_id,
        occurred_at,
        min(customer_id) as customer_id
    from sightings
    group by anonymous_id, occurred_at

),

compared as (

    select
        *,
        lag(customer_id) over (partition by anonymous_id order by occurred_at) as previous_customer_id
    from instants

),

changes as (

    select * from compared
    where previous_customer_id is null or previous_customer_id <> customer_id

),

-- from one identification until the next; what came before the first belongs to the first
owners as (

    select
        anonymous_id,
        customer_id,
        case
            when previous_customer_id is null then timestamp '0001-01-01 00:00:00' else occurred_at
        end as owned_from_at,
        coalesce(
            lead(occurred_at) over (partition by anonymous_id order by occurred_at),
            timestamp '9999-12-31 00:00:00'
        ) as owned_until_at,
        occurred_at as identified_at
    from changes

)

select * from owners
