with

subscribers as (

    select customer_id
    from {{ ref('consents') }}
    where purpose = 'marketing' and channel = 'email' and status = 'granted'

),

mailed as (

    select
        customer_id,
        count(distinct campaign_id) as campaign_count,
        count(distinct campaign_id) filter (where action in ('open', 'click')) as engaged_count
    from {{ ref('email_activity') }}
    where customer_id is not null and {{ marts_days_ago('occurred_at') }} <= {{ var('unengaged_subscribers_days') }}
    group by customer_id

),

members as (

    select
        mailed.customer_id,
        'Opened none of '
        || {{ marts_count_text('mailed.campaign_count', 'campaign') }} || ' in the last '
        || '{{ var("unengaged_subscribers_days") }} days.' as reason,
        mailed.campaign_count
    from mailed
    inner join subscribers on mailed.customer_id = subscribers.customer_id
    where
        mailed.campaign_count >= {{ var('unengaged_subscribers_minimum_campaigns') }}
        and mailed.engaged_count = 0

)

select * from members
