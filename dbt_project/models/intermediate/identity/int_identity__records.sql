with delivered as (
    select * from {{ ref('int_identity__delivered_records') }}
),

placeholders as (
    select * from {{ ref('placeholder_values') }}
),

named as (
    select
        *,
        coalesce(full_name, nullif(trim(concat_ws(' ', first_name, last_name)), '')) as display_name,
        coalesce(first_name, {{ given_name('full_name') }}) as given,
        coalesce(last_name, {{ family_name('full_name') }}) as family,
        {{ regex_replace('phone_raw', '[^0-9]') }} as digits,
        split_part(email, '@', 1) as mailbox
    from delivered
),

standardised as (
    select
        source || ':' || source_key as record_id,
        source,
        source_key,
        {{ standardise_name('given') }} as first_name,
        {{ standardise_name('family') }} as last_name,
        email,
        phone,
        street,
        city,
        {{ standardise_postcode('postcode') }} as postcode,
        country,
        birth_date,
        company,
        loyalty_id,
        web_user_id,
        seen_at,
        display_name,
        {{ is_placeholder('email', 'email') }} or {{ is_placeholder('mailbox', 'email_mailbox') }} as is_no_email,
        {{ is_placeholder('mailbox', 'email_mailbox_shared') }} as is_shared_email,
        {{ is_placeholder('digits', 'phone_digits') }} or {{ is_one_digit_repeated('digits') }} as is_no_phone,
        {{ is_placeholder('lower(street)', 'street') }} as is_no_home,
        {{ is_placeholder('cast(birth_date as varchar)', 'birth_date') }} as is_no_birth_date
    from named
),

without_placeholders as (
    select
        *,
        case when not is_no_email then email end as usable_email,
        case when not is_no_phone then phone end as usable_phone,
        nullif(concat_ws(' ', first_name, last_name), '') as person_name
    from standardised
),

email_names as (
    select
        usable_email,
        count(distinct person_name) as name_count
    from without_placeholders
    where usable_email is not null
    group by usable_email
),

phone_names as (
    select
        usable_phone,
        count(distinct person_name) as name_count
    from without_placeholders
    where usable_phone is not null
    group by usable_phone
),

records as (
    select
        without_placeholders.record_id,
        without_placeholders.source,
        without_placeholders.source_key,
        without_placeholders.first_name,
        without_placeholders.last_name,
        without_placeholders.usable_email as email,
        without_placeholders.usable_phone as phone,
        case when not without_placeholders.is_no_home then without_placeholders.street end as street,
        case when not without_placeholders.is_no_home then without_placeholders.city end as city,
        case when not without_placeholders.is_no_home then without_placeholders.postcode end as postcode,
        without_placeholders.country,
        case when not without_placeholders.is_no_birth_date then without_placeholders.birth_date end as birth_date,
        without_placeholders.company,
        without_placeholders.loyalty_id,
        without_placeholders.web_user_id,
        without_placeholders.is_no_email or without_placeholders.is_shared_email as email_is_placeholder,
        without_placeholders.is_no_phone as phone_is_placeholder,
        coalesce(email_names.name_count, 0) as email_name_count,
        coalesce(phone_names.name_count, 0) as phone_name_count,
        without_placeholders.seen_at,
        without_placeholders.display_name
    from without_placeholders
    left join email_names on without_placeholders.usable_email = email_names.usable_email
    left join phone_names on without_placeholders.usable_phone = phone_names.usable_phone
)

select * from records
