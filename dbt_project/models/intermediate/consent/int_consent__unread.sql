{#- Whoever may have said no without our being able to read it is not contacted: the addresses in rows that were
    rejected, and those in rows of who said no whose address is none (`ann@x.org, bob@x.org`, `ann [at] x.org`). Nor is
    whoever said no on a card that has left the loyalty list since: its address, and the customer whose it was. -#}
{%- set stating = {
    'mailchimp': ['subscribed', 'unsubscribed', 'cleaned', 'campaign_activity'], 'hubspot': ['contacts'],
    'shopify': ['customers', 'orders'], 'square': ['customers'], 'loyalty': ['members'], 'segment': ['events']
} -%}
with

loads as (

    select
        *,
        max(load_id) over (partition by source, table_name, file) as newest_load_id,
        max(delivered_at) over (partition by source, table_name) as newest_delivered_at
    from {{ source('raw', 'loads') }}
    where status = 'loaded' and file_hash is not null

),

rejected as (

    select
        rejected_rows.source,
        rejected_rows.original_text as written,
        loads.delivered_at as stated_at,
        'stands in a row that could not be read: ' || rejected_rows.file
        || coalesce(', line ' || cast(rejected_rows.line as varchar), '') as proof
    from {{ source('raw', 'rejected_rows') }} as rejected_rows
    inner join loads
        on
            rejected_rows.load_id = loads.load_id
            and loads.load_id = loads.newest_load_id
    where
        rejected_rows.status = 'rejected'
        and (
            {%- for name, tables in stating.items() %}
            {%- for table in tables %}
            (loads.source = '{{ name }}' and loads.table_name = '{{ table }}') or
            {%- endfor %}
            {%- endfor %}
            false
        )
        -- the loyalty list is delivered whole: the next one says again what it holds
        and (loads.source <> 'loyalty' or loads.delivered_at = loads.newest_delivered_at)

),

illegible as (

    select
        'mailchimp' as source,
        email_raw as written,
        coalesce(unsubscribed_at, last_changed_at) as stated_at
    from {{ ref('stg_mailchimp__members') }}
    where status = 'unsubscribed' and email is null
    union all
    select
        'hubspot' as source,
        email_raw as written,
        modified_at as stated_at
    from {{ ref('stg_hubspot__contacts') }}
    where is_unsubscribed and email is null
    union all
    select
        'square' as source,
        email_raw as written,
        cast(null as timestamp) as stated_at
    from {{ ref('stg_square__customers') }}
    where email_subscription_status = 'unsubscribed' and email is null
    union all
    select
        'loyalty' as source,
        email_raw as written,
        changed_at as stated_at
    from {{ ref('stg_loyalty__members') }}
    where not is_email_ok and email is null

),

vanished as (

    select
        record_id,
        'loyalty' as source,
        email,
        coalesce(email, email_raw) as written,
        vanished_at as stated_at,
        'had said no before card ' || loyalty_card_id || ' was taken off the loyalty list' as proof
    from {{ ref('stg_loyalty__vanished_members') }}
    where not is_email_ok

),

texts as (

    select * from rejected
    union all
    select
        source,
        written,
        stated_at,
        'said no under an address that could not be read: ' || written as proof
    from illegible
    union all
    select
        source,
        written,
        stated_at,
        proof
    from vanished

),

addresses as (

    select
        source,
        stated_at,
        proof,
        {{ addresses_in('written') }} as found
    from texts

),

purposes as (

    {{ consent_purposes() }}

),

by_address as (

    select distinct
        records.record_id,
        denials.source,
        denials.stated_at,
        denials.proof,
        denials.email
    from (
        select
            source,
            stated_at,
            proof,
            {{ standardise_email('found') }} as email
        from addresses
    ) as denials
    left join {{ ref('int_identity__records') }} as records on denials.email = records.email
    where denials.email is not null

),

by_customer as (

    select
        clusters.record_id,
        vanished.source,
        vanished.stated_at,
        vanished.proof,
        vanished.email
    from vanished
    inner join {{ source('identity', 'identity_vanished') }} as past on vanished.record_id = past.record_id
    left join {{ source('identity', 'identity_redirects') }} as redirects
        on past.customer_id = redirects.old_customer_id
    inner join {{ source('identity', 'identity_clusters') }} as clusters
        on coalesce(redirects.customer_id, past.customer_id) = clusters.customer_id

),

unread as (

    select
        denials.*,
        purposes.purpose,
        purposes.channel
    from (
        select * from by_address
        union
        select * from by_customer
    ) as denials
    inner join purposes on purposes.purpose <> 'service'

)

select * from unread
