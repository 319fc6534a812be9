with

owners as (

    select * from {{ ref('int_events__visitor_owners') }}

),

known as (

    select
        anonymous_id,
        count(distinct customer_id) as customer_count,
        min(identified_at) as first_identified_at,
        max(identified_at) as last_identified_at,
        max_by(customer_id, owned_from_at) as last_customer_id
    from owners
    group by anonymous_id

),

final as (

    select
        anonymous_id,
        case when customer_count <= {{ var('shared_device_max_customers') }} then last_customer_id end as customer_id,
        customer_count,
        customer_count > 1 as is_shared,
        first_identified_at,
        last_identified_at
    from known

)

select * from final
