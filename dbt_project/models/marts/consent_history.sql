{#- The rule of macros/marts_consent.sql as of every moment at which it could have decided differently: a statement has
    a rank among all of the customer's; from its time on it decides unless one of a better rank came before. -#}
with

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

own as (

    select
        clusters.customer_id,
        statements.purpose,
        statements.channel,
        statements.status,
        statements.stated_at,
        statements.is_opt_in,
        statements.source,
        statements.proof,
        statements.legal_basis,
        'stated' as rule
    from {{ ref('int_consent__statements') }} as statements
    inner join clusters on statements.record_id = clusters.record_id

),

followed as (

    select
        customer_id,
        'ads' as purpose,
        'ads' as channel,
        status,
        stated_at,
        is_opt_in,
        source,
        proof,
        legal_basis,
        'follows email' as rule
    from own
    where purpose = 'marketing' and channel = 'email' and {{ var('ads_consent_follows_email') }}

),

statements as (

    select * from own
    union all
    select * from followed

),

ordered as (

    select
        *,
        row_number() over (
            partition by customer_id, purpose, channel
            order by
                case when rule = 'stated' then 0 else 1 end asc,
                {{ marts_consent_order() }}
        ) as decision_order
    from statements

),

running as (

    -- an undated statement counts since ever
    select
        customer_id,
        purpose,
        channel,
        coalesce(stated_at, timestamp '0001-01-01 00:00:00') as valid_from,
        min(decision_order) over (
            partition by customer_id, purpose, channel
            order by coalesce(stated_at, timestamp '0001-01-01 00:00:00')
        ) as deciding_order
    from ordered

),

moments as (

    select
        *,
        lag(deciding_order) over (
            partition by customer_id, purpose, channel
            order by valid_from, deciding_order
        ) as order_before
    from (select distinct * from running) as moments

),

changes as (

    select
        *,
        lead(valid_from) over (
            partition by customer_id, purpose, channel
            order by valid_from
        ) as valid_to
    from moments
    where order_before is null or order_before <> deciding_order

),

final as (

    select
        cast(changes.customer_id as varchar) as customer_id,
        cast(changes.purpose as varchar) as purpose,
        cast(changes.channel as varchar) as channel,
        cast(changes.valid_from as timestamp) as valid_from,
        cast(changes.valid_to as timestamp) as valid_to,
        cast(ordered.status as varchar) as status,
        cast(ordered.stated_at as timestamp) as stated_at,
        cast(ordered.source as varchar) as source,
        cast(ordered.proof as varchar) as proof,
        cast(ordered.legal_basis as varchar) as legal_basis,
        cast(ordered.rule as varchar) as rule
    from changes
    inner join ordered
        on
            changes.customer_id = ordered.customer_id
            and changes.purpose = ordered.purpose
            and changes.channel = ordered.channel
            and changes.deciding_order = ordered.decision_order

)

select * from final
