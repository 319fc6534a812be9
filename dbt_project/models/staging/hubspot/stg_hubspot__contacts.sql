{%- set days = ['%d/%m/%Y', '%Y-%m-%d'] -%}
{%- set minutes = ['%Y-%m-%d %H:%M', '%Y-%m-%d %H:%M:%S'] -%}

with newest as (
    select * from {{ newest_version(source('raw', 'hubspot_contacts'), ['record_id']) }}
),

cleaned as (
    select
        record_id as hubspot_contact_id,
        {{ record_id('hubspot_contacts', 'record_id') }} as record_id,
        first_name,
        last_name,
        email as email_raw,
        coalesce({{ clean_text('mobile_phone_number') }}, {{ clean_text('phone_number') }}) as phone_raw,
        company_name as company,
        job_title,
        street_address as street,
        city,
        {{ clean_text('state_region') }} as region,
        {{ clean_text('postal_code') }} as postcode_raw,
        country_region as country_raw,
        {{ standardise_country('country_region') }} as country,
        {{ country_problem('country_region') }} as country_problem,
        date_of_birth as birth_date_raw,
        {{ parse_birth_date('date_of_birth', days) }} as birth_date,
        {{ birth_date_problem('date_of_birth', parse_date('date_of_birth', days)) }} as birth_date_problem,
        lifecycle_stage,
        lead_status,
        original_source,
        contact_owner,
        {{ parse_local_timestamp('create_date', minutes) }} as created_at,
        {{ parse_local_timestamp('last_modified_date', minutes) }} as modified_at,
        {{ parse_local_timestamp('last_activity_date', minutes) }} as last_activity_at,
        marketing_contact_status,
        {{ parse_flag('unsubscribed_from_all_email') }} as is_unsubscribed
    from newest
),

standardised as (
    select
        *,
        {{ format_postcode('postcode_raw', 'country') }} as postcode,
        {{ postcode_problem('postcode_raw', 'country') }} as postcode_problem,
        {{ contact_columns('email_raw', 'phone_raw', 'country') }}
    from cleaned
)

select * from standardised
