with

activity as (

    select * from {{ ref('stg_mailchimp__campaign_activity') }}

),

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

final as (

    select
        activity.activity_id,
        clusters.customer_id,
        activity.campaign_id,
        activity.campaign_title,
        activity.subject,
        activity.email,
        activity.action,
        activity.occurred_at,
        activity.url
    from activity
    left join clusters on activity.record_id = clusters.record_id

)

select * from final
