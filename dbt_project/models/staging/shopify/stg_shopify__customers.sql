with newest as (
    select * from {{ newest_version(source('raw', 'shopify_customers'), ['customer_id']) }}
),

-- what any delivery said: without it nobody could tell a box that was unticked from one that never was ticked
ever as (
    select
        customer_id,
        max(case when {{ parse_flag('accepts_email_marketing') }} then 1 else 0 end) = 1
            as has_accepted_email_marketing,
        max(case when {{ parse_flag('accepts_sms_marketing') }} then 1 else 0 end) = 1 as has_accepted_sms_marketing
    from {{ source('raw', 'shopify_customers') }}
    group by customer_id
),

accounts as (
    select
        newest.*,
        ever.has_accepted_email_marketing,
        ever.has_accepted_sms_marketing
    from newest
    inner join ever on newest.customer_id = ever.customer_id
),

cleaned as (
    select
        {{ clean_text('customer_id') }} as shopify_customer_id,
        first_name as first_name_raw,
        last_name as last_name_raw,
        email as email_raw,
        coalesce({{ clean_text('phone') }}, {{ clean_text('default_address_phone') }}) as phone_raw,
        default_address_company as company,
        nullif(concat_ws(', ', default_address_address1, default_address_address2), '') as street,
        default_address_city as city,
        {{ clean_text('default_address_province_code') }} as region,
        {{ clean_text('default_address_zip') }} as postcode_raw,
        default_address_country_code as country_raw,
        {{ standardise_country('default_address_country_code') }} as country,
        {{ country_problem('default_address_country_code') }} as country_problem,
        coalesce({{ parse_flag('accepts_email_marketing') }}, false) as accepts_email_marketing,
        coalesce({{ parse_flag('accepts_sms_marketing') }}, false) as accepts_sms_marketing,
        has_accepted_email_marketing,
        has_accepted_sms_marketing,
        {{ parse_money('total_spent') }} as total_spent_amount,
        {{ parse_count('total_orders') }} as order_count,
        note,
        tags,
        _load_id as loaded_order
    from accounts
),

standardised as (
    select
        *,
        {{ record_id('shopify_customers', 'shopify_customer_id') }} as record_id,
        {{ format_postcode('postcode_raw', 'country') }} as postcode,
        {{ postcode_problem('postcode_raw', 'country') }} as postcode_problem,
        {{ contact_columns('email_raw', 'phone_raw', 'country') }}
    from cleaned
)

select * from standardised
