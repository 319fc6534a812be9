with

mails as (

    select
        campaign_id,
        email,
        max(customer_id) as customer_id,
        max(campaign_title) as campaign,
        cast(min(occurred_at) filter (where action = 'sent') as date) as measured_on,
        bool_or(action = 'bounce') as is_bounced,
        bool_or(action in ('open', 'click')) as is_opened,
        bool_or(action = 'click') as is_clicked,
        bool_or(action = 'unsubscribe') as is_unsubscribed
    from {{ ref('email_activity') }}
    group by campaign_id, email

),

final as (

    select
        campaign_id || ':' || {{ md5_text('email') }} as mail_id,
        measured_on,
        customer_id,
        campaign_id,
        coalesce(campaign, campaign_id) as campaign,
        is_opened,
        is_clicked,
        is_unsubscribed
    from mails
    where measured_on is not null and not is_bounced

)

select * from final
