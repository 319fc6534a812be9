with

ordered as (

    select
        *,
        row_number() over (
            partition by identifier_type, identifier_value, purpose, channel
            order by
                {{ marts_consent_order() }}
        ) as decision_order
    from {{ ref('int_consent__statements') }}
    where identifier_type in ('email', 'phone') and identifier_value is not null

),

opted_out as (

    select
        identifier_type,
        identifier_value,
        channel,
        'opted_out' as reason,
        stated_at,
        source
    from ordered
    where decision_order = 1 and status = 'denied'

),

opted_out_of_ads as (

    select
        identifier_type,
        identifier_value,
        'ads' as channel,
        reason,
        stated_at,
        source
    from opted_out
    where channel = 'email' and {{ var('ads_consent_follows_email') }}

),

undeliverable as (

    select
        'email' as identifier_type,
        email as identifier_value,
        'email' as channel,
        'undeliverable' as reason,
        undeliverable_at as stated_at,
        source
    from {{ ref('int_consent__undeliverable_emails') }}

),

stated as (

    select * from opted_out
    union all
    select * from opted_out_of_ads
    union all
    select * from undeliverable

),

ranked as (

    select
        *,
        row_number() over (
            partition by identifier_type, identifier_value, channel
            order by reason asc, stated_at desc nulls last, source asc
        ) as reason_order
    from stated

),

final as (

    select
        cast(identifier_type as varchar) as identifier_type,
        cast(identifier_value as varchar) as identifier_value,
        cast(channel as varchar) as channel,
        cast(reason as varchar) as reason,
        cast(stated_at as timestamp) as stated_at,
        cast(source as varchar) as source
    from ranked
    where reason_order = 1

)

select * from final
