with

golden as (

    select * from {{ ref('int_customer__golden_records') }}

),

granted as (

    select
        customer_id,
        bool_or(purpose = 'marketing' and channel = 'email') as is_email_granted,
        bool_or(purpose = 'ads') as is_ads_granted
    from {{ ref('consents') }}
    where status = 'granted'
    group by customer_id

),

suppressed as (

    select
        identifier_value,
        bool_or(channel = 'email') as is_email_suppressed,
        bool_or(channel = 'ads') as is_ads_suppressed
    from {{ ref('suppressions') }}
    where identifier_type = 'email'
    group by identifier_value

),

contactability as (

    select
        golden.customer_id,
        coalesce(granted.is_email_granted, false)
        and golden.email is not null
        and not coalesce(suppressed.is_email_suppressed, false) as is_email_contactable,
        coalesce(granted.is_ads_granted, false)
        and coalesce(golden.email, golden.phone) is not null
        and not coalesce(suppressed.is_ads_suppressed, false) as is_ads_contactable
    from golden
    left join granted on golden.customer_id = granted.customer_id
    left join suppressed on golden.email = suppressed.identifier_value

)

select * from contactability
