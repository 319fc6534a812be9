with

records as (

    select * from {{ ref('int_customer__ranked_records') }}

),

winners as (

    select * from {{ ref('int_customer__stated_values') }}
    where survival = 1 and is_usable

),

known as (

    select
        customer_id,
        min(seen_at) as first_recorded_at,
        max(seen_at) as last_recorded_at,
        count(*) as record_count,
        count(distinct source) as source_count,
        min(confidence) as confidence
    from records
    group by customer_id

),

chosen as (

    select
        customer_id,
        {%- for attribute in ['email', 'phone', 'country', 'birth_date', 'birthday', 'company', 'language'] %}
        max(value) filter (where attribute = '{{ attribute }}') as {{ attribute }},
        {%- endfor %}
        max(record_id) filter (where attribute = 'name') as name_record_id,
        max(record_id) filter (where attribute = 'address') as address_record_id
    from winners
    group by customer_id

),

-- names and addresses are taken whole, so that nobody gets the first name of one record and the last of another
worded as (

    select
        known.*,
        chosen.email,
        chosen.phone,
        chosen.company,
        chosen.language,
        chosen.birthday,
        cast(chosen.birth_date as date) as birth_date,
        addresses.city,
        addresses.postcode,
        addresses.region,
        coalesce(addresses.country, chosen.country) as country,
        names.first_name,
        names.last_name,
        names.display_name,
        names.display_name like '% %' and names.display_name not like '% % %' as has_two_words
    from known
    left join chosen on known.customer_id = chosen.customer_id
    left join records as names on chosen.name_record_id = names.record_id
    left join records as addresses on chosen.address_record_id = addresses.record_id

),

golden as (

    select
        customer_id,
        {{ marts_name_as_delivered('first_name', "case when has_two_words then split_part(display_name, ' ', 1) end") }}
            as first_name,
        {{ marts_name_as_delivered('last_name', "case when has_two_words then split_part(display_name, ' ', 2) end") }}
            as last_name,
        display_name,
        email,
        phone,
        city,
        postcode,
        region,
        country,
        birth_date,
        case
            when birth_date is not null
                then {{ marts_birthday('birth_date') }}
            else birthday
        end as birthday,
        company,
        language,
        first_recorded_at,
        last_recorded_at,
        record_count,
        source_count,
        confidence
    from worded

)

select * from golden
