{{ config(materialized='view') }}  -- read once, by the next model: a table would only be written in vain

with customer_sources as (
    select {{ record_columns(
        'shopify_customers', 'shopify_customer_id', first_name='first_name_raw', last_name='last_name_raw', email='email',
        phone='phone', email_raw='email_raw', phone_raw='phone_raw', street='street', city='city', postcode='postcode',
        country='country', company='company', web_user_id='shopify_customer_id', postcode_raw='postcode_raw',
        country_raw='country_raw', email_problem='email_problem', phone_problem='phone_problem',
        postcode_problem='postcode_problem', country_problem='country_problem'
    ) }}
    from {{ ref('stg_shopify__customers') }}
    union all
    select {{ record_columns(
        'square_customers', 'square_customer_id', first_name='first_name', last_name='last_name', email='email',
        phone='phone', email_raw='email_raw', phone_raw='phone_raw', street='street', city='city', postcode='postcode',
        company='company', loyalty_id='loyalty_card_id', birth_date='birth_date', seen_at='last_visit_date',
        birth_date_raw='birth_date_raw', email_problem='email_problem', phone_problem='phone_problem',
        birth_date_problem='birth_date_problem'
    ) }}
    from {{ ref('stg_square__customers') }}
    union all
    select {{ record_columns(
        'hubspot_contacts', 'hubspot_contact_id', first_name='first_name', last_name='last_name', email='email',
        phone='phone', email_raw='email_raw', phone_raw='phone_raw', street='street', city='city', postcode='postcode',
        country='country', company='company', birth_date='birth_date', seen_at='modified_at',
        birth_date_raw='birth_date_raw', postcode_raw='postcode_raw', country_raw='country_raw',
        email_problem='email_problem', phone_problem='phone_problem', birth_date_problem='birth_date_problem',
        postcode_problem='postcode_problem', country_problem='country_problem'
    ) }}
    from {{ ref('stg_hubspot__contacts') }}
    union all
    select {{ record_columns(
        'loyalty_members', 'loyalty_card_id', first_name='first_name', last_name='last_name', full_name='name_raw',
        email='email', phone='phone', email_raw='email_raw', phone_raw='phone_raw', postcode='postcode',
        loyalty_id='loyalty_card_id', birth_date='birth_date', birth_date_raw='birth_date_raw', seen_at='last_visit_date',
        email_problem='email_problem', phone_problem='phone_problem', birth_date_problem='birth_date_problem'
    ) }}
    from {{ ref('stg_loyalty__members') }}
),

contact_sources as (
    select {{ record_columns(
        'mailchimp_members', 'lower(email_raw)', first_name='first_name', last_name='last_name', email='email',
        phone='phone', email_raw='email_raw', phone_raw='phone_raw', street='street', city='city', postcode='postcode',
        country='country', seen_at='last_changed_at', email_problem='email_problem', phone_problem='phone_problem'
    ) }}
    from {{ ref('stg_mailchimp__members') }}
    union all
    select {{ record_columns(
        'segment_users', 'user_id', first_name='first_name', last_name='last_name', email='email', phone='phone',
        email_raw='email_raw', phone_raw='phone_raw', web_user_id='user_id', seen_at='identified_at',
        email_problem='email_problem', phone_problem='phone_problem'
    ) }}
    from {{ ref('stg_segment__users') }}
    union all
    select {{ record_columns(
        'zendesk_requesters', 'requester_id', full_name='requester_name', email='email', phone='phone',
        email_raw='email_raw', phone_raw='phone_raw', seen_at='last_updated_at', email_problem='email_problem', phone_problem='phone_problem'
    ) }}
    from {{ ref('stg_zendesk__requesters') }}
),

named_in_passing as (
    select * from {{ ref('int_identity__transaction_records') }}
),

all_sources as (
    select * from customer_sources
    union all
    select * from contact_sources
    union all
    select * from named_in_passing
)

select * from all_sources
