with first_lines as (
    -- checkout-level fields stand on the first line of a checkout only
    select *
    from {{ source('raw', 'shopify_abandoned_checkouts') }}
    where created_at is not null
),

newest as (
    select * from {{ newest_version('first_lines', ['id']) }}
),

items as (
    select
        checkout_id,
        cast(sum(quantity) as bigint) as item_count
    from {{ ref('stg_shopify__abandoned_checkout_items') }}
    group by checkout_id
),

cleaned as (
    select
        {{ clean_text('id') }} as checkout_id,
        {{ record_id('shopify_checkouts', 'lower(email)') }} as record_id,
        email as email_raw,
        {{ clean_text('phone') }} as phone_raw,
        billing_name,
        shipping_city,
        {{ clean_text('shipping_zip') }} as shipping_postcode,
        {{ standardise_country('shipping_country') }} as shipping_country,
        {{ parse_instant('created_at') }} as started_at,
        coalesce(currency, '{{ var("shop_currency", "GBP") }}') as currency,
        {{ parse_money('subtotal') }} as subtotal_amount,
        {{ parse_money('total') }} as total_amount,
        coalesce(lower(recovery_status) = 'recovered', false) as is_recovered,
        {{ parse_flag('buyer_accepts_marketing') }} as accepts_marketing
    from newest
),

standardised as (
    select
        cleaned.*,
        coalesce(items.item_count, 0) as item_count,
        {{ contact_columns('cleaned.email_raw', 'cleaned.phone_raw', 'cleaned.shipping_country') }}
    from cleaned
    left join items on cleaned.checkout_id = items.checkout_id
)

select * from standardised
