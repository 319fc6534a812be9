{#- Statements recorded by this platform itself. One names an address or a customer, the other models name records:
    an address means every record that carries it, an id (old or new) every record of that customer. A denial for all
    purposes and channels is one for each of them. A denial that names a customer also concerns whoever was still taken
    for that customer when it was made, and was found to be another person since. -#}
with

log as (

    select
        stated.statement_id,
        stated.identifier_type,
        stated.identifier_value,
        purposes.purpose,
        purposes.channel,
        stated.status,
        stated.stated_at,
        stated.source,
        coalesce(stated.proof, 'recorded by ' || stated.source) as proof,
        coalesce(stated.legal_basis, 'consent') as legal_basis
    from {{ source('state', 'consent_log') }} as stated
    inner join ({{ consent_purposes() }}) as purposes
        on
            stated.purpose in (purposes.purpose, 'all')
            and stated.channel in (purposes.channel, 'all')

),

records as (

    select * from {{ ref('int_identity__records') }}

),

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

redirects as (

    select * from {{ source('identity', 'identity_redirects') }}

),

by_email as (

    select
        log.*,
        records.record_id
    from log
    left join records on log.identifier_value = records.email
    where log.identifier_type = 'email'

),

by_phone as (

    select
        log.*,
        records.record_id
    from log
    left join records on log.identifier_value = records.phone
    where log.identifier_type = 'phone'

),

by_customer as (

    select
        log.*,
        clusters.record_id
    from log
    left join redirects on log.identifier_value = redirects.old_customer_id
    left join clusters on coalesce(redirects.customer_id, log.identifier_value) = clusters.customer_id
    where log.identifier_type = 'customer_id'

),

parted as (

    select
        denied.statement_id,
        ledger.customer_id,
        ledger.occurred_at
    from {{ source('state', 'consent_log') }} as denied
    inner join {{ source('identity', 'identity_ledger') }} as ledger
        on
            denied.identifier_value = ledger.related_customer_id
            and coalesce(denied.recorded_at, denied.stated_at) <= ledger.occurred_at
    where
        denied.identifier_type = 'customer_id' and denied.status = 'denied'
        and ledger.action in ('split', 'moved')

),

parts as (

    select
        statement_id,
        customer_id
    from parted
    union
    -- a part that was split again
    select
        parted.statement_id,
        ledger.customer_id
    from parted
    inner join {{ source('identity', 'identity_ledger') }} as ledger
        on
            parted.customer_id = ledger.related_customer_id
            and parted.occurred_at <= ledger.occurred_at
    where ledger.action in ('split', 'moved')

),

by_part as (

    select
        log.*,
        clusters.record_id
    from log
    inner join parts on log.statement_id = parts.statement_id
    left join redirects on parts.customer_id = redirects.old_customer_id
    inner join clusters on coalesce(redirects.customer_id, parts.customer_id) = clusters.customer_id
    where log.status = 'denied'

),

recorded as (

    select * from by_email
    union all
    select * from by_phone
    union all
    select * from by_customer
    union all
    select * from by_part

)

select * from recorded
