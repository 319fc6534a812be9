with

customers as (

    select * from {{ ref('customers') }}

),

grounds as (

    select
        customer_id,
        'said no to marketing by ' || channel as ground
    from {{ ref('consents') }}
    where purpose = 'marketing' and status = 'denied'
    union all
    select
        customers.customer_id,
        'has an address that must not be written to' as ground
    from customers
    inner join {{ ref('suppressions') }} as suppressions
        on
            customers.email = suppressions.identifier_value
            and suppressions.identifier_type = 'email'
            and suppressions.channel = 'email'
    union all
    select
        customer_id,
        'waits for an answer from the service team' as ground
    from {{ ref('segment_waiting_for_an_answer') }}

),

members as (

    select
        customer_id,
        'Leave alone: ' || min(ground) || '.' as reason
    from grounds
    group by customer_id

)

select * from members
