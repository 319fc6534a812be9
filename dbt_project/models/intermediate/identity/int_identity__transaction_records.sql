{{ config(materialized='view') }}  -- read once, by the next model: a table would only be written in vain

with buyers as (
    select {{ record_columns(
        'shopify_orders', record_key('record_id'), full_name='billing_name', email='email', phone='phone',
        email_raw='email_raw', phone_raw='coalesce(phone_raw, billing_phone_raw)', street='billing_street',
        city='billing_city', postcode='billing_postcode', country='billing_country', company='billing_company',
        seen_at='ordered_at', email_problem='email_problem', phone_problem='phone_problem'
    ) }}
    from {{ newest_of(ref('stg_shopify__orders'), 'ordered_at') }}
),

checkout_starters as (
    select {{ record_columns(
        'shopify_checkouts', record_key('record_id'), full_name='billing_name', email='email', phone='phone',
        email_raw='email_raw', phone_raw='phone_raw', city='shipping_city', postcode='shipping_postcode',
        country='shipping_country', seen_at='started_at', email_problem='email_problem', phone_problem='phone_problem'
    ) }}
    from {{ newest_of(ref('stg_shopify__abandoned_checkouts'), 'started_at') }}
),

answers as (
    select
        record_id,
        email,
        email_raw,
        email_problem,
        respondent_name,
        shopify_customer_id,
        submitted_at
    from {{ ref('stg_surveys__nps') }}
    union all
    select
        record_id,
        email,
        email_raw,
        email_problem,
        cast(null as varchar) as respondent_name,
        cast(null as varchar) as shopify_customer_id,
        submitted_at
    from {{ ref('stg_surveys__csat') }}
),

named_answers as (
    -- only one of the two surveys asks for a name
    select
        record_id,
        max(email) as email,
        max(email_raw) as email_raw,
        max(email_problem) as email_problem,
        max_by(respondent_name, submitted_at) filter (where respondent_name is not null) as respondent_name,
        max_by(shopify_customer_id, submitted_at) filter (where shopify_customer_id is not null) as shopify_customer_id,
        max(submitted_at) as submitted_at
    from answers
    where record_id is not null
    group by record_id
),

respondents as (
    select {{ record_columns(
        'surveys_respondents', record_key('record_id'), full_name='respondent_name', email='email',
        email_raw='email_raw', web_user_id='shopify_customer_id', seen_at='submitted_at',
        email_problem='email_problem'
    ) }}
    from named_answers
),

reviewers as (
    select {{ record_columns(
        'reviews_reviewers', record_key('record_id'), full_name='reviewer_name', email='reviewer_email',
        email_raw='reviewer_email_raw', seen_at='reviewed_at', email_problem='reviewer_email_problem'
    ) }}
    from {{ newest_of(ref('stg_reviews__product_reviews'), 'reviewed_at') }}
),

all_sources as (
    select * from buyers
    union all
    select * from checkout_starters
    union all
    select * from respondents
    union all
    select * from reviewers
)

select * from all_sources
