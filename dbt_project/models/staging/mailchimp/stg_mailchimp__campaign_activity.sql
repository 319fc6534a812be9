with delivered as (
    select
        campaign_id,
        campaign_title,
        subject,
        lower(email_address) as email,
        lower(action) as action,
        {{ parse_timestamp('timestamp', ['%Y-%m-%d %H:%M:%S']) }} as occurred_at,
        coalesce(url, '') as url
    from {{ source('raw', 'mailchimp_campaign_activity') }}
),

distinct_actions as (
    -- the export has no key, and a later one repeats the earlier: the same five facts are the same action
    select
        campaign_id,
        max(campaign_title) as campaign_title,
        max(subject) as subject,
        email,
        action,
        occurred_at,
        url
    from delivered
    group by campaign_id, email, action, occurred_at, url
),

keyed as (
    select
        {{ md5_text("concat_ws('|', campaign_id, email, action, cast(occurred_at as varchar), url)") }} as activity_id,
        campaign_id,
        campaign_title,
        subject,
        email,
        {{ record_id('mailchimp_members', 'email') }} as record_id,
        action,
        occurred_at,
        nullif(url, '') as url
    from distinct_actions
)

select * from keyed
