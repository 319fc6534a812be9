with

tickets as (

    select
        ticket_id,
        cast(solved_at as date) as measured_on,
        customer_id,
        coalesce(channel, 'unknown') as support_channel,
        coalesce(priority, 'unknown') as priority,
        resolution_hours
    from {{ ref('support_tickets') }}
    where resolution_hours is not null

)

select * from tickets
