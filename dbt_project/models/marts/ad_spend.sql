with

google as (

    select
        'google_ads' as platform,
        spend_date,
        campaign_id,
        campaign_name,
        campaign_type,
        currency,
        spend_amount,
        impressions,
        clicks,
        conversions,
        conversion_value_amount
    from {{ ref('stg_google_ads__campaigns') }}

),

meta as (

    select
        'meta_ads' as platform,
        spend_date,
        campaign_id,
        campaign_name,
        campaign_type,
        currency,
        spend_amount,
        impressions,
        clicks,
        conversions,
        conversion_value_amount
    from {{ ref('stg_meta_ads__insights') }}

),

united as (

    select * from google
    union all
    select * from meta

),

final as (

    select
        platform || ':' || campaign_id || ':' || cast(spend_date as varchar) as ad_spend_id,
        *
    from united

)

select * from final
