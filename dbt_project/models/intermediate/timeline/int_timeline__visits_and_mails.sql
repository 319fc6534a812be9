with

sessions as (

    select
        *,
        is_app or device_type = 'app' as was_in_app,
        coalesce(' on ' || nullif(device_type, 'app'), '') as device_words,
        coalesce(
            ' (came from ' || utm_source || coalesce(', campaign ' || utm_campaign, '') || ')', ''
        ) as campaign_words
    from {{ ref('sessions') }}

),

visits as (

    select
        customer_id,
        started_at as occurred_at,
        case when was_in_app then 'app' else 'web' end as channel,
        case when was_in_app then 'app_use' else 'visit' end as interaction,
        case when was_in_app then 'Used the app' else 'Visited the web shop' end || device_words
        || case
            when product_view_count > 0 then ', looked at ' || {{ marts_count_text('product_view_count', 'product') }}
            else ''
        end
        || case
            when has_order then ' and ordered'
            when has_checkout then ' and began to check out'
            when has_cart_add then ' and put something in the cart'
            else ''
        end
        || campaign_words || '.' as sentence,
        'segment' as source,
        'sessions' as source_table,
        session_id as source_id
    from sessions

),

ads as (

    select
        customer_id,
        started_at as occurred_at,
        'ads' as channel,
        'ad_touch' as interaction,
        'Came through an ad' || coalesce(' on ' || utm_source, '') || coalesce(', campaign ' || utm_campaign, '')
        || '.' as sentence,
        'segment' as source,
        'sessions' as source_table,
        session_id as source_id
    from sessions
    where {{ is_one_of('lower(utm_medium)', var('paid_media')) }}

),

mails as (

    select
        customer_id,
        occurred_at,
        'email' as channel,
        'email_' || action as interaction,
        case action
            when 'sent' then 'Was sent the email'
            when 'open' then 'Opened the email'
            when 'click' then 'Clicked in the email'
            when 'bounce' then 'Could not be reached with the email'
            else 'Unsubscribed with the email'
        end
        || {{ marts_quoted('coalesce(subject, campaign_title)') }} || '.' as sentence,
        'mailchimp' as source,
        'email_activity' as source_table,
        activity_id as source_id
    from {{ ref('email_activity') }}

),

visits_and_mails as (

    select * from visits
    union all
    select * from ads
    union all
    select * from mails

),

final as (

    select
        customer_id,
        occurred_at,
        channel,
        interaction,
        sentence,
        cast(null as decimal(18, 2)) as amount,
        cast(null as varchar) as currency,
        source,
        source_table,
        source_id
    from visits_and_mails

)

select * from final
