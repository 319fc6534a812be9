{%- set minutes = ['%Y-%m-%d %H:%M', '%Y-%m-%d %H:%M:%S'] -%}

with newest as (
    select * from {{ newest_version(source('raw', 'hubspot_deals'), ['record_id']) }}
),

cleaned as (
    select
        record_id as deal_id,
        deal_name,
        deal_stage,
        pipeline,
        {{ parse_money('amount') }} as amount,
        coalesce(currency, '{{ var("shop_currency", "GBP") }}') as currency,
        {{ parse_local_timestamp('create_date', minutes) }} as created_at,
        {{ parse_local_timestamp('close_date', minutes) }} as closed_at,
        deal_owner,
        {{ regex_extract('associated_contact_ids', '^[^0-9]*([0-9]+)') }} as hubspot_contact_id,
        associated_company as company,
        closed_lost_reason
    from newest
),

keyed as (
    select
        *,
        {{ record_id('hubspot_contacts', 'hubspot_contact_id') }} as record_id
    from cleaned
)

select * from keyed
