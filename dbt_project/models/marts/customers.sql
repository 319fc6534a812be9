with

golden as (

    select * from {{ ref('int_customer__golden_records') }}

),

order_facts as (

    select * from {{ ref('int_customer__order_facts') }}

),

activity as (

    select
        customer_id,
        min(occurred_at) as first_active_at,
        max(occurred_at) as last_active_at
    from {{ ref('customer_timeline') }}
    -- what the shop did is no sign of life
    where interaction not in ('email_sent', 'support_solved')
    group by customer_id

),

lifecycles as (

    select * from {{ ref('int_behaviour__lifecycles') }}
    where is_now

),

contactable as (

    select * from {{ ref('int_customer__contactability') }}

),

favourites as (

    select * from {{ ref('int_customer__favourites') }}

),

habits as (

    select * from {{ ref('int_customer__habits') }}

),

scores as (

    select * from {{ ref('int_customer__profile_scores') }}

),

joined as (

    select
        golden.*,
        order_facts.first_order_at,
        order_facts.last_order_at,
        coalesce(order_facts.order_count, 0) as order_count,
        coalesce(order_facts.total_spend_amount, 0) as total_spend_amount,
        order_facts.favourite_category,
        coalesce(lifecycles.lifecycle_stage, 'lead') as lifecycle_stage,
        least(golden.first_recorded_at, activity.first_active_at) as first_seen_at,
        greatest(golden.last_recorded_at, activity.last_active_at) as last_seen_at,
        coalesce(contactable.is_email_contactable, false) as is_email_contactable,
        coalesce(contactable.is_sms_contactable, false) as is_sms_contactable,
        coalesce(contactable.is_ads_contactable, false) as is_ads_contactable,
        favourites.favourite_product,
        favourites.favourite_store,
        habits.preferred_channel,
        habits.preferred_hour,
        scores.profile_confidence,
        scores.completeness
    from golden
    left join order_facts on golden.customer_id = order_facts.customer_id
    left join lifecycles on golden.customer_id = lifecycles.customer_id
    left join activity on golden.customer_id = activity.customer_id
    left join contactable on golden.customer_id = contactable.customer_id
    left join favourites on golden.customer_id = favourites.customer_id
    left join habits on golden.customer_id = habits.customer_id
    left join scores on golden.customer_id = scores.customer_id

),

final as (

    select
        cast(customer_id as varchar) as customer_id,
        cast(first_name as varchar) as first_name,
        cast(last_name as varchar) as last_name,
        cast(display_name as varchar) as display_name,
        cast(email as varchar) as email,
        cast(phone as varchar) as phone,
        cast(city as varchar) as city,
        cast(postcode as varchar) as postcode,
        cast(country as varchar) as country,
        cast(region as varchar) as region,
        cast(language as varchar) as language,
        cast(birth_date as date) as birth_date,
        cast(birthday as varchar) as birthday,
        cast(company as varchar) as company,
        cast(company is not null as boolean) as is_business,
        cast(first_seen_at as timestamp) as first_seen_at,
        cast(last_seen_at as timestamp) as last_seen_at,
        cast(record_count as integer) as record_count,
        cast(source_count as integer) as source_count,
        cast(first_order_at as timestamp) as first_order_at,
        cast(last_order_at as timestamp) as last_order_at,
        cast(order_count as integer) as order_count,
        cast(total_spend_amount as decimal(18, 2)) as total_spend_amount,
        cast('{{ var("shop_currency") }}' as varchar) as currency,
        cast(case when order_count > 0 then total_spend_amount / order_count end as decimal(18, 2))
            as average_order_amount,
        cast(favourite_category as varchar) as favourite_category,
        cast(favourite_product as varchar) as favourite_product,
        cast(favourite_store as varchar) as favourite_store,
        cast(preferred_channel as varchar) as preferred_channel,
        cast(preferred_hour as integer) as preferred_hour,
        cast(lifecycle_stage as varchar) as lifecycle_stage,
        cast(is_email_contactable as boolean) as is_email_contactable,
        cast(is_sms_contactable as boolean) as is_sms_contactable,
        cast(is_ads_contactable as boolean) as is_ads_contactable,
        cast(confidence as double) as confidence,
        cast(profile_confidence as double) as profile_confidence,
        cast(completeness as double) as completeness
    from joined

)

select * from final
