with

subscriptions as (

    select
        record_id,
        email,
        'granted' as status,
        coalesce(confirmed_at, opted_in_at) as stated_at,
        coalesce(confirmed_at, opted_in_at) is not null as is_opt_in,
        'mailchimp' as source,
        case when confirmed_at is not null then 'double opt-in confirmed' else 'signed up to the list' end as proof
    from {{ ref('stg_mailchimp__members') }}
    where status <> 'unsubscribed' or coalesce(confirmed_at, opted_in_at) is not null

),

unsubscribes as (

    select
        record_id,
        email,
        'denied' as status,
        coalesce(unsubscribed_at, last_changed_at) as stated_at,
        false as is_opt_in,
        'mailchimp' as source,
        coalesce('unsubscribed: ' || unsubscribe_reason, 'unsubscribed from the list') as proof
    from {{ ref('stg_mailchimp__members') }}
    where status = 'unsubscribed'
    union all
    select
        record_id,
        email,
        'denied' as status,
        occurred_at as stated_at,
        false as is_opt_in,
        'mailchimp' as source,
        'unsubscribed from campaign ' || coalesce(campaign_title, campaign_id) as proof
    from {{ ref('stg_mailchimp__campaign_activity') }}
    where action = 'unsubscribe'

),

crm_opt_outs as (

    select
        record_id,
        email,
        'denied' as status,
        modified_at as stated_at,
        false as is_opt_in,
        'hubspot' as source,
        'unsubscribed from all email' as proof
    from {{ ref('stg_hubspot__contacts') }}
    where is_unsubscribed

),

shop_flags as (

    select
        record_id,
        email,
        'granted' as status,
        cast(null as timestamp) as stated_at,
        false as is_opt_in,
        'shopify' as source,
        'account accepts email marketing' as proof
    from {{ ref('stg_shopify__customers') }}
    where accepts_email_marketing
    union all
    select
        record_id,
        email,
        'granted' as status,
        ordered_at as stated_at,
        false as is_opt_in,
        'shopify' as source,
        'accepted marketing with order ' || order_name as proof
    from {{ ref('stg_shopify__orders') }}
    where accepts_marketing

),

shop_withdrawals as (

    -- an unticked account says nothing by itself; one that once said yes, as do its orders, has changed its mind at a
    -- time unknown
    select
        accounts.record_id,
        accounts.email,
        'denied' as status,
        cast(null as timestamp) as stated_at,
        false as is_opt_in,
        'shopify' as source,
        'account no longer accepts email marketing' as proof
    from {{ ref('stg_shopify__customers') }} as accounts
    where
        not accounts.accepts_email_marketing
        and (
            accounts.has_accepted_email_marketing
            or accounts.email in (
                select orders.email
                from {{ ref('stg_shopify__orders') }} as orders
                where orders.accepts_marketing
            )
        )

),

loyalty_forms as (

    select
        record_id,
        email,
        case when is_email_ok then 'granted' else 'denied' end as status,
        -- somebody may say no without a visit: the row was not like this before that delivery
        case when is_email_ok then joined_date else changed_at end as stated_at,
        false as is_opt_in,
        'loyalty' as source,
        case when is_email_ok then 'said yes on the loyalty form' else 'said no on the loyalty form' end as proof
    from {{ ref('stg_loyalty__members') }}
    where is_email_ok is not null

),

till_flags as (

    -- the till keeps the state of its own mailing list, without a date; 'unknown' says nothing
    select
        record_id,
        email,
        case when email_subscription_status = 'subscribed' then 'granted' else 'denied' end as status,
        cast(null as timestamp) as stated_at,
        false as is_opt_in,
        'square' as source,
        email_subscription_status || ' in the till''s mailing list' as proof
    from {{ ref('stg_square__customers') }}
    where email_subscription_status in ('subscribed', 'unsubscribed')

),

email_statements as (

    select * from subscriptions
    union all
    select * from unsubscribes
    union all
    select * from crm_opt_outs
    union all
    select * from shop_flags
    union all
    select * from shop_withdrawals
    union all
    select * from loyalty_forms
    union all
    select * from till_flags

),

statements as (

    select
        record_id,
        'email' as identifier_type,
        email as identifier_value,
        'marketing' as purpose,
        'email' as channel,
        status,
        stated_at,
        is_opt_in,
        source,
        proof,
        'consent' as legal_basis
    from email_statements
    union all
    select
        record_id,
        'phone' as identifier_type,
        phone as identifier_value,
        'marketing' as purpose,
        'sms' as channel,
        case when accepts_sms_marketing then 'granted' else 'denied' end as status,
        cast(null as timestamp) as stated_at,
        false as is_opt_in,
        'shopify' as source,
        case when accepts_sms_marketing then 'account accepts' else 'account no longer accepts' end
        || ' SMS marketing' as proof,
        'consent' as legal_basis
    from {{ ref('stg_shopify__customers') }}
    where accepts_sms_marketing or has_accepted_sms_marketing
    union all
    select
        record_id,
        'email' as identifier_type,
        email as identifier_value,
        purpose,
        channel,
        status,
        stated_at,
        status = 'granted' as is_opt_in,
        'segment' as source,
        proof,
        'consent' as legal_basis
    from {{ ref('int_consent__web') }}
    union all
    select
        record_id,
        identifier_type,
        identifier_value,
        purpose,
        channel,
        status,
        stated_at,
        status = 'granted' as is_opt_in,
        source,
        proof,
        legal_basis
    from {{ ref('int_consent__recorded') }}
    union all
    select
        record_id,
        'email' as identifier_type,
        email as identifier_value,
        purpose,
        channel,
        'denied' as status,
        stated_at,
        false as is_opt_in,
        source,
        proof,
        'consent' as legal_basis
    from {{ ref('int_consent__unread') }}

)

select * from statements
