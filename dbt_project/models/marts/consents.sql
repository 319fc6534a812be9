with

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

purposes as (

    select
        'marketing' as purpose,
        'email' as channel
    union all
    select
        'marketing' as purpose,
        'sms' as channel
    union all
    select
        'ads' as purpose,
        'ads' as channel
    union all
    select
        'service' as purpose,
        'email' as channel

),

asked as (

    select
        customers.customer_id,
        purposes.purpose,
        purposes.channel
    from (select distinct customer_id from clusters) as customers
    cross join purposes

),

ordered as (

    select
        clusters.customer_id,
        statements.*,
        row_number() over (
            partition by clusters.customer_id, statements.purpose, statements.channel
            order by
                {{ marts_consent_order() }}
        ) as decision_order
    from {{ ref('int_consent__statements') }} as statements
    inner join clusters on statements.record_id = clusters.record_id

),

decided as (

    select * from ordered
    where decision_order = 1

),

email_decided as (

    select * from decided
    where purpose = 'marketing' and channel = 'email'

),

followed as (

    -- the shop's declared policy: who agreed to marketing email agreed to be shown ads, unless they objected to ads
    select
        asked.customer_id,
        asked.purpose,
        asked.channel,
        coalesce(decided.status, email_decided.status) as status,
        coalesce(decided.stated_at, email_decided.stated_at) as stated_at,
        coalesce(decided.source, email_decided.source) as source,
        coalesce(decided.proof, email_decided.proof) as proof
    from asked
    left join decided
        on
            asked.customer_id = decided.customer_id
            and asked.purpose = decided.purpose
            and asked.channel = decided.channel
    left join email_decided
        on
            decided.customer_id is null
            and asked.customer_id = email_decided.customer_id
            and asked.purpose = 'ads'
            and {{ var('ads_consent_follows_email') }}

),

final as (

    select
        cast(customer_id as varchar) as customer_id,
        cast(purpose as varchar) as purpose,
        cast(channel as varchar) as channel,
        cast(coalesce(status, 'unknown') as varchar) as status,
        cast(stated_at as timestamp) as stated_at,
        cast(source as varchar) as source,
        cast(proof as varchar) as proof
    from followed

)

select * from final
