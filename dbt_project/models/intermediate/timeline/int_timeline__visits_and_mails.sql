with

visits as (

    select
        customer_id,
        started_at as occurred_at,
        case when device_type = 'app' then 'app' else 'web' end as channel,
        'visit' as interaction,
        'Visited the ' || case when device_type = 'app' then 'app' else 'web shop' end
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
        || coalesce(' (came from ' || utm_source || ')', '') || '.' as sentence,
        cast(null as decimal(18, 2)) as amount,
        cast(null as varchar) as currency,
        'sessions' as source_table,
        session_id as source_id
    from {{ ref('sessions') }}

),

mails as (

    select
        customer_id,
        occurred_at,
        'email' as channel,
        'email_' || action as interaction,
        case action
            when 'open' then 'Opened the email'
            when 'click' then 'Clicked in the email'
            when 'bounce' then 'Could not be reached with the email'
            else 'Unsubscribed with the email'
        end
        || {{ marts_quoted('coalesce(subject, campaign_title)') }} || '.' as sentence,
        cast(null as decimal(18, 2)) as amount,
        cast(null as varchar) as currency,
        'email_activity' as source_table,
        activity_id as source_id
    from {{ ref('email_activity') }}
    where action <> 'sent'

),

visits_and_mails as (

    select * from visits
    union all
    select * from mails

)

select * from visits_and_mails
