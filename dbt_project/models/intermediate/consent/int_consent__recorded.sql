{#- Statements recorded by this platform itself. One names an address or a customer, the other models name records:
    an address means every record that carries it, an id (old or new) every record of that customer. A denial for all
    purposes and channels is one for each of them. -#}
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

recorded as (

    select * from by_email
    union all
    select * from by_phone
    union all
    select * from by_customer

)

select * from recorded
