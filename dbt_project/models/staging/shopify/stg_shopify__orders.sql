with first_lines as (
    -- order-level fields, the id among them, stand on the first line of an order only
    select * from {{ newest_version(source('raw', 'shopify_orders'), ['id']) }}
),

cleaned as (
    select
        'shopify:' || {{ clean_text('id') }} as order_id,
        name as order_name,
        {{ record_id('shopify_orders', buyer_key('email', 'phone', 'billing_name', 'billing_zip')) }} as record_id,
        email as email_raw,
        {{ clean_text('phone') }} as phone_raw,
        billing_name,
        {{ clean_text('billing_phone') }} as billing_phone_raw,
        billing_company,
        coalesce(billing_street, nullif(concat_ws(', ', billing_address1, billing_address2), '')) as billing_street,
        billing_city,
        {{ clean_text('billing_zip') }} as billing_postcode,
        {{ standardise_country('billing_country') }} as billing_country,
        shipping_city,
        {{ clean_text('shipping_zip') }} as shipping_postcode,
        {{ standardise_country('shipping_country') }} as shipping_country,
        {{ parse_instant('created_at') }} as ordered_at,
        {{ parse_instant('paid_at') }} as paid_at,
        {{ parse_instant('fulfilled_at') }} as fulfilled_at,
        {{ parse_instant('cancelled_at') }} as cancelled_at,
        financial_status,
        fulfillment_status,
        coalesce(currency, '{{ var("shop_currency", "GBP") }}') as currency,
        {{ parse_money('subtotal') }} as subtotal_amount,
        {{ parse_money('shipping') }} as shipping_amount,
        {{ parse_money('taxes') }} as tax_amount,
        coalesce({{ parse_money('discount_amount') }}, 0) as discount_amount,
        {{ parse_money('total') }} as total_amount,
        coalesce({{ parse_money('refunded_amount') }}, 0) as refunded_amount,
        discount_code,
        payment_method,
        coalesce(source, 'web') as order_source,
        {{ clean_text('location') }} as store_name,
        {{ parse_flag('accepts_marketing') }} as accepts_marketing,
        {{ note_attribute('note_attributes', 'utm_source') }} as utm_source,
        {{ note_attribute('note_attributes', 'utm_medium') }} as utm_medium,
        {{ note_attribute('note_attributes', 'utm_campaign') }} as utm_campaign,
        tags
    from first_lines
),

standardised as (
    select
        *,
        {{ email_columns('email_raw', 'phone_raw') }},
        coalesce(
            {{ contact_phone('phone_raw', 'email_raw', 'billing_country') }},
            {{ standardise_phone('billing_phone_raw', 'billing_country') }}
        ) as phone,
        coalesce(
            {{ phone_problem('phone_raw', 'billing_country') }},
            {{ phone_problem('billing_phone_raw', 'billing_country') }}
        ) as phone_problem
    from cleaned
)

select * from standardised
