with

cleaned as (

    select
        email,
        coalesce(cleaned_at, last_changed_at) as undeliverable_at
    from {{ ref('stg_mailchimp__members') }}
    where status = 'cleaned'

),

deliveries as (

    select
        email,
        max(occurred_at) filter (where action = 'bounce') as bounced_at,
        max(occurred_at) filter (where action in ('sent', 'open', 'click')) as reached_at
    from {{ ref('stg_mailchimp__campaign_activity') }}
    group by email

),

-- a later mail that did not bounce, or was opened, shows that the address works again
bounced as (

    select
        email,
        bounced_at as undeliverable_at
    from deliveries
    where bounced_at >= coalesce(reached_at, bounced_at)

),

undeliverable as (

    select
        email,
        max(undeliverable_at) as undeliverable_at,
        'mailchimp' as source
    from (
        select * from cleaned
        union all
        select * from bounced
    ) as found
    where email is not null
    group by email

)

select * from undeliverable
