with

golden as (

    select * from {{ ref('int_customer__golden_records') }}

),

suppressions as (

    select * from {{ ref('suppressions') }}

),

-- what the person said about being advertised to over this channel; a service mail needs no such word
said as (

    select * from {{ ref('consents') }}
    where purpose in ('marketing', 'ads')

),

reachable as (

    select
        said.customer_id,
        said.channel,
        said.status,
        said.stated_at,
        said.source,
        said.proof,
        case
            when said.channel = 'email' then golden.email
            when said.channel in ('sms', 'phone') then golden.phone
            when said.channel = 'ads' then coalesce(golden.email, golden.phone)
            when said.channel = 'post' then golden.postcode
        end as address,
        golden.email,
        golden.phone
    from said
    inner join golden on said.customer_id = golden.customer_id

),

judged as (

    select
        reachable.*,
        coalesce(by_email.reason, by_phone.reason) as suppression_reason,
        coalesce(by_email.stated_at, by_phone.stated_at) as suppressed_at
    from reachable
    left join suppressions as by_email
        on
            by_email.identifier_type = 'email'
            and reachable.email = by_email.identifier_value
            and reachable.channel = by_email.channel
    left join suppressions as by_phone
        on
            by_phone.identifier_type = 'phone'
            and reachable.phone = by_phone.identifier_value
            and reachable.channel = by_phone.channel

),

final as (

    select
        cast(customer_id as varchar) as customer_id,
        cast(channel as varchar) as channel,
        cast(status as varchar) as status,
        cast(
            status = 'granted' and address is not null and suppression_reason is null as boolean
        ) as is_contactable,
        cast(case
            when address is null
                then
                    case channel
                        when 'email' then 'No email address is known.'
                        when 'ads' then 'Neither an email address nor a phone number is known.'
                        when 'post' then 'No postal address is known.'
                        else 'No phone number is known.'
                    end
            when status = 'denied'
                then
                    'Objected' || coalesce(' on ' || {{ marts_date_text('stated_at') }}, '')
                    || coalesce(' (' || source || ': ' || proof || ')', '') || '.'
            when suppression_reason = 'undeliverable'
                then
                    'Mail to the address does not arrive'
                    || coalesce(', since ' || {{ marts_date_text('suppressed_at') }}, '') || '.'
            when suppression_reason is not null
                then
                    'The address itself opted out'
                    || coalesce(' on ' || {{ marts_date_text('suppressed_at') }}, '') || '.'
            when status = 'granted'
                then
                    'Agreed' || coalesce(' on ' || {{ marts_date_text('stated_at') }}, '')
                    || coalesce(' (' || source || ': ' || proof || ')', '') || '.'
            else 'Never said yes.'
        end as varchar) as reason,
        cast(stated_at as timestamp) as stated_at
    from judged

)

select * from final
