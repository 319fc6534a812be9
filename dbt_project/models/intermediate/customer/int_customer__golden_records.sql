{%- set whole_name = 'first_name is not null and last_name is not null' -%}
{%- set placed = 'coalesce(postcode, city) is not null' -%}

with

records as (

    select * from {{ ref('int_customer__ranked_records') }}

),

survivors as (

    select
        customer_id,
        -- names and addresses are taken whole, so that nobody gets the first name of one record and the last of another
        {{ marts_survivor('first_name', 'precedence', whole_name) }} as whole_first_name,
        {{ marts_survivor('last_name', 'precedence', whole_name) }} as whole_last_name,
        {{ marts_survivor('display_name', 'precedence', whole_name) }} as whole_display_name,
        {{ marts_survivor('first_name', 'precedence', 'first_name is not null') }} as first_name,
        {{ marts_survivor('last_name', 'precedence', 'last_name is not null') }} as last_name,
        {{ marts_survivor('display_name', 'precedence', 'display_name is not null') }} as display_name,
        {{ marts_survivor('email', 'precedence', 'email is not null and is_email_usable and is_email_deliverable') }}
            as deliverable_email,
        {{ marts_survivor('email', 'precedence', 'email is not null and is_email_usable') }} as usable_email,
        {{ marts_survivor('phone', 'precedence', 'phone is not null and not phone_is_placeholder') }} as phone,
        {{ marts_survivor('city', 'precedence', placed) }} as city,
        {{ marts_survivor('postcode', 'precedence', placed) }} as postcode,
        {{ marts_survivor('country', 'precedence', placed) }} as placed_country,
        {{ marts_survivor('country', 'precedence', 'country is not null') }} as any_country,
        {{ marts_survivor('birth_date', 'precedence', 'birth_date is not null') }} as birth_date,
        {{ marts_survivor('birthday', 'precedence', 'birthday is not null') }} as birthday,
        {{ marts_survivor('company', 'precedence', 'company is not null') }} as company,
        min(seen_at) as first_recorded_at,
        max(seen_at) as last_recorded_at,
        count(*) as record_count,
        count(distinct source) as source_count,
        min(confidence) as confidence
    from records
    group by customer_id

),

named as (

    select
        customer_id,
        deliverable_email,
        usable_email,
        phone,
        city,
        postcode,
        placed_country,
        any_country,
        birth_date,
        birthday,
        company,
        first_recorded_at,
        last_recorded_at,
        record_count,
        source_count,
        confidence,
        coalesce(whole_first_name, first_name) as first_name,
        coalesce(whole_last_name, case when whole_first_name is null then last_name end) as last_name,
        coalesce(whole_display_name, display_name) as display_name
    from survivors

),

worded as (

    select
        *,
        case when display_name like '% %' and display_name not like '% % %' then split_part(display_name, ' ', 1) end
            as first_word,
        case when display_name like '% %' and display_name not like '% % %' then split_part(display_name, ' ', 2) end
            as last_word
    from named

),

golden as (

    select
        customer_id,
        {{ marts_name_as_delivered('first_name', 'first_word') }} as first_name,
        {{ marts_name_as_delivered('last_name', 'last_word') }} as last_name,
        display_name,
        coalesce(deliverable_email, usable_email) as email,
        phone,
        city,
        postcode,
        coalesce(placed_country, any_country) as country,
        birth_date,
        case
            when birth_date is not null
                then {{ marts_birthday('birth_date') }}
            else birthday
        end as birthday,
        company,
        first_recorded_at,
        last_recorded_at,
        record_count,
        source_count,
        confidence
    from worded

)

select * from golden
