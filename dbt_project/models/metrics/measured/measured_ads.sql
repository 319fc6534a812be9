with

ads as (

    select * from {{ ref('ad_spend') }}

),

final as (

    select
        ad_spend_id,
        spend_date as measured_on,
        platform,
        campaign_name as campaign,
        {{ spend_channel('platform', 'campaign_type') }} as marketing_channel,
        spend_amount as spend,
        conversion_value_amount as reported_revenue,
        impressions,
        clicks
    from ads

)

select * from final
