with

delivered as (

    select * from {{ ref('int_identity__delivered_records') }}

),

usable as (

    select * from {{ ref('int_identity__records') }}

),

given as (

    select
        source || ':' || source_key as record_id,
        *,
        coalesce(full_name, first_name, last_name) as name_given,
        coalesce(email_raw, email) as email_given,
        coalesce(phone_raw, phone) as phone_given,
        coalesce(birth_date_raw, cast(birth_date as varchar)) as birth_date_given,
        coalesce(postcode_raw, postcode) as postcode_given,
        coalesce(country_raw, country) as country_given
    from delivered

),

judged as (

    select
        given.record_id,
        given.source,
        {{ judged(
            'given.name_given', 'coalesce(usable.first_name, usable.last_name)', "coalesce(given.name_problem, 'no name of a person')"
        ) }} as name_quality,
        {{ judged(
            'given.email_given', 'usable.email',
            "case when given.email is not null then 'a stand-in' else coalesce(given.email_problem, 'no address') end"
        ) }} as email_quality,
        {{ judged(
            'given.phone_given', 'usable.phone',
            "case when usable.phone_is_placeholder then 'a stand-in' else coalesce(given.phone_problem, 'no number') end"
        ) }} as phone_quality,
        {{ judged(
            'given.birth_date_given', 'usable.birth_date',
            "case when given.birth_date is not null then 'a stand-in' else coalesce(given.birth_date_problem, 'no date') end"
        ) }} as birth_date_quality,
        {{ judged('given.street', 'usable.street', "'a stand-in'") }} as street_quality,
        {{ judged(
            'given.postcode_given', 'usable.postcode',
            "case when usable.street is null and given.street is not null then 'a stand-in'"
            ~ " else coalesce(given.postcode_problem, 'no postcode') end"
        ) }} as postcode_quality,
        {{ judged(
            'given.country_given', 'usable.country', "coalesce(given.country_problem, 'no country')"
        ) }} as country_quality
    from given
    inner join usable on given.record_id = usable.record_id

)

select * from judged
