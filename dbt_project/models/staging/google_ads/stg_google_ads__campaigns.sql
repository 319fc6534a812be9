with newest as (
    select * from {{ newest_version(source('raw', 'google_ads_campaigns'), ['day', 'campaign_id']) }}
),

cleaned as (
    select
        {{ parse_date('day', ['%Y-%m-%d', '%d/%m/%Y']) }} as spend_date,
        campaign_id,
        campaign as campaign_name,
        campaign_type,
        {{ standardise_currency('currency_code') }} as currency,
        {{ parse_money('cost') }} as spend_amount,
        {{ parse_count('impr') }} as impressions,
        {{ parse_count('clicks') }} as clicks,
        {{ cast_or_null("replace(conversions, ',', '')", 'decimal(18, 2)') }} as conversions,
        {{ parse_money('conv_value') }} as conversion_value_amount
    from newest
    where campaign_id is not null
)

select * from cleaned
