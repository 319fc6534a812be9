with newest as (
    select * from {{ newest_version(source('raw', 'meta_ads_insights'), ['reporting_starts', 'campaign_id']) }}
),

cleaned as (
    select
        {{ parse_date('reporting_starts', ['%Y-%m-%d', '%d/%m/%Y']) }} as spend_date,
        campaign_id,
        campaign_name,
        'Paid social' as campaign_type,
        {{ standardise_currency('account_currency') }} as currency,
        {{ parse_money('amount_spent_gbp') }} as spend_amount,
        {{ parse_count('impressions') }} as impressions,
        {{ parse_count('reach') }} as reach,
        {{ parse_count('link_clicks') }} as clicks,
        {{ cast_or_null("replace(purchases, ',', '')", 'decimal(18, 2)') }} as conversions,
        {{ parse_money('purchases_conversion_value') }} as conversion_value_amount
    from newest
)

select * from cleaned
