with

subscribers as (

    select customer_id
    from {{ ref('consents') }}
    where purpose = 'marketing' and channel = 'email' and status = 'granted'

),

engagement as (

    select
        customer_id,
        count(distinct campaign_id) as campaign_count,
        max(occurred_at) as last_engaged_at
    from {{ ref('email_activity') }}
    where
        action in ('open', 'click')
        and customer_id is not null
        and {{ marts_days_ago('occurred_at') }} <= {{ var('engaged_subscribers_days') }}
    group by customer_id

),

members as (

    select
        engagement.customer_id,
        'Opened or clicked ' || {{ marts_count_text('engagement.campaign_count', 'campaign') }} || ' in the last '
        || '{{ var("engaged_subscribers_days") }} days, most recently on '
        || {{ marts_date_text('engagement.last_engaged_at') }} || '.' as reason,
        engagement.campaign_count,
        engagement.last_engaged_at
    from engagement
    inner join subscribers on engagement.customer_id = subscribers.customer_id
    where engagement.campaign_count >= {{ var('engaged_subscribers_minimum_campaigns') }}

)

select * from members
