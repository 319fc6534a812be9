with

channels as (

    select * from {{ ref('customer_contactability') }}

),

contactability as (

    select
        customer_id,
        coalesce(bool_or(is_contactable) filter (where channel = 'email'), false) as is_email_contactable,
        coalesce(bool_or(is_contactable) filter (where channel = 'sms'), false) as is_sms_contactable,
        coalesce(bool_or(is_contactable) filter (where channel = 'ads'), false) as is_ads_contactable
    from channels
    group by customer_id

)

select * from contactability
