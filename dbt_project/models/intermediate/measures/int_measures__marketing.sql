with

mails as (

    select
        campaign_id,
        email,
        cast(min(occurred_at) filter (where action = 'sent') as date) as sent_date,
        bool_or(action = 'bounce') as is_bounced,
        bool_or(action in ('open', 'click')) as is_opened,
        bool_or(action = 'click') as is_clicked
    from {{ ref('email_activity') }}
    group by campaign_id, email

),

email_days as (

    select
        sent_date as measured_on,
        count(*) as delivered_emails,
        count(*) filter (where is_opened) as opened_emails,
        count(*) filter (where is_clicked) as clicked_emails
    from mails
    where sent_date is not null and not is_bounced
    group by sent_date

),

session_days as (

    select
        session_date as measured_on,
        count(*) as sessions,
        count(*) filter (where has_order) as ordering_sessions
    from {{ ref('sessions') }}
    group by session_date

),

ad_days as (

    select
        spend_date as measured_on,
        sum(spend_amount) as ad_spend,
        sum(conversion_value_amount) as reported_ad_revenue
    from {{ ref('ad_spend') }}
    group by spend_date

),

measures as (

    {{ marts_measures('email_days', ['delivered_emails', 'opened_emails', 'clicked_emails']) }}
    union all
    {{ marts_measures('session_days', ['sessions', 'ordering_sessions']) }}
    union all
    {{ marts_measures('ad_days', ['ad_spend', 'reported_ad_revenue']) }}

)

select * from measures
