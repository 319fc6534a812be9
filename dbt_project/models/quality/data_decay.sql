with

records as (

    select
        described.record_id,
        described.source,
        clusters.customer_id,
        described.email,
        described.phone,
        described.postcode,
        described.seen_at
    from {{ ref('int_identity__records') }} as described
    left join {{ source('identity', 'identity_clusters') }} as clusters on described.record_id = clusters.record_id

),

located as (

    select
        customer_id,
        max(seen_at) as seen_at
    from records
    where postcode is not null
    group by customer_id

),

-- where a customer lives by the newest record that says so; of several at once the last by name
addresses as (

    select
        located.customer_id,
        located.seen_at,
        max(records.postcode) as postcode,
        max(records.source) as source
    from located
    inner join records on located.customer_id = records.customer_id and located.seen_at = records.seen_at
    where records.postcode is not null
    group by located.customer_id, located.seen_at

),

phones as (

    select
        customers.customer_id,
        customers.phone,
        max(records.seen_at) as seen_at
    from {{ ref('customers') }} as customers
    inner join records on customers.customer_id = records.customer_id and customers.phone = records.phone
    group by customers.customer_id, customers.phone

),

signs as (

    select
        records.record_id,
        'stale email' as sign,
        records.customer_id,
        records.source,
        silent.silent_since_at as since_at,
        'no mail opened and nothing ordered with this address since '
        || {{ marts_date_text('silent.silent_since_at') }} as reason
    from records
    inner join {{ ref('int_quality__silent_emails') }} as silent on records.email = silent.email
    union all
    select
        records.record_id,
        'undeliverable email' as sign,
        records.customer_id,
        records.source,
        undeliverable.undeliverable_at as since_at,
        'mail to this address came back to ' || undeliverable.source as reason
    from records
    inner join {{ ref('int_consent__undeliverable_emails') }} as undeliverable on records.email = undeliverable.email
    union all
    select
        records.record_id,
        'moved' as sign,
        records.customer_id,
        records.source,
        addresses.seen_at as since_at,
        addresses.source || ' has a newer address' as reason
    from records
    inner join addresses on records.customer_id = addresses.customer_id
    where
        records.postcode <> addresses.postcode
        and records.source <> addresses.source
        and records.seen_at < addresses.seen_at
    union all
    select
        records.record_id,
        'other phone' as sign,
        records.customer_id,
        records.source,
        phones.seen_at as since_at,
        'the customer is better known by another number' as reason
    from records
    inner join phones on records.customer_id = phones.customer_id
    where records.phone <> phones.phone

)

select * from signs
