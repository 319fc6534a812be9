with newest as (
    select * from {{ newest_version(source('raw', 'square_customers'), ['square_customer_id']) }}
),

cleaned as (
    select
        square_customer_id,
        {{ record_id('square_customers', 'square_customer_id') }} as record_id,
        {{ clean_text('reference_id') }} as loyalty_card_id,
        first_name,
        last_name,
        email_address as email_raw,
        {{ clean_text('phone_number') }} as phone_raw,
        company_name as company,
        nullif(concat_ws(', ', street_address_1, street_address_2), '') as street,
        city,
        {{ clean_text('state') }} as region,
        {{ clean_text('postal_code') }} as postcode,
        birthday as birth_date_raw,
        {{ parse_birth_date('birthday', ['%Y-%m-%d', '%d/%m/%Y']) }} as birth_date,
        {{ birth_date_problem('birthday', parse_date('birthday', ['%Y-%m-%d', '%d/%m/%Y'])) }} as birth_date_problem,
        {{ parse_date('first_visit', ['%Y-%m-%d', '%Y-%m-%d %H:%M:%S']) }} as first_visit_date,
        {{ parse_date('last_visit', ['%Y-%m-%d', '%Y-%m-%d %H:%M:%S']) }} as last_visit_date,
        {{ parse_count('transaction_count') }} as transaction_count,
        {{ parse_money('lifetime_spend') }} as lifetime_spend_amount,
        lower(email_subscription_status) as email_subscription_status,
        memo
    from newest
),

standardised as (
    select
        *,
        {{ contact_columns('email_raw', 'phone_raw') }}
    from cleaned
)

select * from standardised
