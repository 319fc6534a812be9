with

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

purposes as (

    {{ consent_purposes() }}

),

countries as (

    select
        customer_id,
        upper(country) as country
    from {{ ref('int_customer__golden_records') }}

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

    select
        *,
        case when status = 'granted' and {{ marts_consent_counts() }} then stated_at end as opted_in_at
    from ordered
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
        case when decided.customer_id is not null then decided.opted_in_at else email_decided.opted_in_at end
            as opted_in_at,
        coalesce(decided.source, email_decided.source) as source,
        coalesce(decided.proof, email_decided.proof) as proof,
        coalesce(decided.legal_basis, email_decided.legal_basis) as legal_basis,
        case
            when decided.customer_id is not null then 'stated'
            when email_decided.customer_id is not null then 'follows email'
        end as rule
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

ruled as (

    -- in a country that the shop declared for it, silence is enough until somebody objects
    select
        followed.*,
        countries.country,
        followed.status is null
        and {{ marts_consent_opt_out_rule('followed.purpose', 'followed.channel', 'countries.country') }}
            as is_silence_enough
    from followed
    left join countries on followed.customer_id = countries.customer_id

),

final as (

    select
        cast(customer_id as varchar) as customer_id,
        cast(purpose as varchar) as purpose,
        cast(channel as varchar) as channel,
        cast(case when is_silence_enough then 'granted' else coalesce(status, 'unknown') end as varchar) as status,
        cast(stated_at as timestamp) as stated_at,
        cast(opted_in_at as timestamp) as opted_in_at,
        cast(case when is_silence_enough then 'declared rule' else source end as varchar) as source,
        cast(
            case when is_silence_enough then 'no objection; silence is enough in ' || country else proof end as varchar
        ) as proof,
        cast(case when is_silence_enough then 'legitimate interest' else legal_basis end as varchar) as legal_basis,
        cast(
            case when is_silence_enough then 'opt-out country' else coalesce(rule, 'nothing stated') end as varchar
        ) as rule
    from ruled

)

select * from final
