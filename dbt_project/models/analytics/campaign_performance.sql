with

ads as (

    select
        {{ campaign_key('campaign_name') }} as campaign_key,
        {{ spend_channel('platform', 'campaign_type') }} as channel,
        max(campaign_name) as campaign,
        min(spend_date) as first_date,
        max(spend_date) as last_date,
        sum(spend_amount) as spend_amount,
        sum(impressions) as shown_count,
        sum(clicks) as click_count,
        sum(conversion_value_amount) as reported_revenue_amount
    from {{ ref('ad_spend') }}
    group by campaign_key, channel

),

credited as (

    select
        {{ campaign_key('campaign') }} as campaign_key,
        channel,
        sum(share) as order_count,
        sum(revenue_amount) as revenue_amount
    from {{ ref('attribution') }}
    where attribution_model = 'last_non_direct' and campaign is not null
    group by campaign_key, channel

),

mails as (

    select * from {{ ref('measured_emails') }}

),

emailed as (

    select
        campaign_id,
        max(campaign) as campaign,
        min(measured_on) as first_date,
        max(measured_on) as last_date,
        count(*) as shown_count,
        sum(case when is_opened then 1 else 0 end) as open_count,
        sum(case when is_clicked then 1 else 0 end) as click_count,
        sum(case when is_unsubscribed then 1 else 0 end) as unsubscribe_count
    from mails
    group by campaign_id

),

clicks as (

    select
        campaign_id,
        customer_id,
        min(occurred_at) as clicked_at
    from {{ ref('email_activity') }}
    where action = 'click' and customer_id is not null
    group by campaign_id, customer_id

),

-- an order counts for the campaign that its buyer clicked last before it, so that none counts twice
followed as (

    select
        orders.order_id,
        max_by(clicks.campaign_id, (clicks.clicked_at, clicks.campaign_id)) as campaign_id,
        max(orders.net_revenue_amount) as net_revenue_amount
    from {{ ref('orders') }} as orders
    inner join clicks
        on
            orders.customer_id = clicks.customer_id
            and orders.ordered_at >= clicks.clicked_at
            and orders.ordered_at <= clicks.clicked_at + interval '{{ var("campaign_click_days") }} days'
    where orders.is_purchase
    group by orders.order_id

),

bought as (

    select
        campaign_id,
        count(*) as order_count,
        sum(net_revenue_amount) as revenue_amount
    from followed
    group by campaign_id

),

united as (

    select
        'ads' as kind,
        ads.channel,
        ads.campaign,
        ads.first_date,
        ads.last_date,
        ads.shown_count,
        cast(null as bigint) as open_count,
        ads.click_count,
        cast(null as bigint) as unsubscribe_count,
        ads.spend_amount,
        ads.reported_revenue_amount,
        coalesce(credited.order_count, 0) as order_count,
        coalesce(credited.revenue_amount, 0) as revenue_amount
    from ads
    left join credited on ads.campaign_key = credited.campaign_key and ads.channel = credited.channel
    union all
    select
        'email' as kind,
        'email' as channel,
        emailed.campaign,
        emailed.first_date,
        emailed.last_date,
        emailed.shown_count,
        emailed.open_count,
        emailed.click_count,
        emailed.unsubscribe_count,
        cast(null as decimal(18, 2)) as spend_amount,
        cast(null as decimal(18, 2)) as reported_revenue_amount,
        coalesce(bought.order_count, 0) as order_count,
        coalesce(bought.revenue_amount, 0) as revenue_amount
    from emailed
    left join bought on emailed.campaign_id = bought.campaign_id

),

final as (

    select
        *,
        cast(open_count as double) / nullif(shown_count, 0) as open_rate,
        cast(click_count as double) / nullif(shown_count, 0) as click_rate,
        cast(unsubscribe_count as double) / nullif(shown_count, 0) as unsubscribe_rate,
        cast(revenue_amount as double) / nullif(spend_amount, 0) as return_on_ad_spend
    from united

)

select * from final
