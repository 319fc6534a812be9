with

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

members as (

    select * from {{ ref('stg_mailchimp__members') }}

),

undeliverable as (

    select * from {{ ref('int_consent__undeliverable_emails') }}

),

details as (

    select * from {{ ref('int_customer__stated_details') }}

),

proven as (

    select distinct email
    from (
        select email from members
        where confirmed_at is not null
        union all
        select email from {{ ref('stg_mailchimp__campaign_activity') }}
        where action in ('open', 'click')
    ) as answered
    where email is not null

),

ranked as (

    select
        clusters.customer_id,
        clusters.confidence,
        records.*,
        not records.email_is_placeholder as is_email_usable,
        undeliverable.email is null as is_email_deliverable,
        case when undeliverable.email is not null then 0 when proven.email is not null then 2 else 1 end
            as email_verification,
        details.region,
        details.language,
        case
            when records.birth_date is not null
                then {{ marts_birthday('records.birth_date') }}
            when members.birthday_month is not null and members.birthday_day is not null
                then {{ marts_month_day('members.birthday_month', 'members.birthday_day') }}
        end as birthday,
        row_number() over (
            partition by clusters.customer_id
            order by
                {{ marts_source_trust('records.source') }} asc,
                records.seen_at desc nulls last,
                clusters.record_id asc
        ) as precedence
    from clusters
    left join {{ ref('int_identity__records') }} as records on clusters.record_id = records.record_id
    left join members on records.record_id = members.record_id
    left join undeliverable on records.email = undeliverable.email
    left join proven on records.email = proven.email
    left join details on records.record_id = details.record_id

)

select * from ranked
