{%- set seconds = ['%Y-%m-%d %H:%M:%S'] -%}
{%- set unsubscribe_reason = 'coalesce(unsub_reason_other, unsub_reason)' -%}
{%- set no_time = 'cast(null as timestamp)' -%}
{%- set no_text = 'cast(null as varchar)' -%}

with lists as (
    {%- for status in ['subscribed', 'unsubscribed', 'cleaned'] %}
    select
        '{{ status }}' as status,
        {{ loop.index }} as severity,
        lower(email_address) as member_key,
        email_address as email_raw,
        first_name,
        last_name,
        {{ clean_text('phone_number') }} as phone_raw,
        address,
        birthday,
        {{ cast_or_null('member_rating', 'integer') }} as member_rating,
        {{ parse_timestamp('optin_time', seconds) }} as opted_in_at,
        {{ parse_timestamp('confirm_time', seconds) }} as confirmed_at,
        {{ parse_timestamp('last_changed', seconds) }} as last_changed_at,
        {{ parse_timestamp('unsub_time', seconds) if status == 'unsubscribed' else no_time }} as unsubscribed_at,
        {{ parse_timestamp('clean_time', seconds) if status == 'cleaned' else no_time }} as cleaned_at,
        {{ unsubscribe_reason if status == 'unsubscribed' else no_text }} as unsubscribe_reason,
        upper(cc) as country,
        optin_ip as opt_in_ip,
        tags,
        _load_id,
        _row
    from {{ source('raw', 'mailchimp_' ~ status) }}
    where email_address is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

ranked as (
    -- a member moves between the lists: the newest change counts, and of two at once the one that forbids most; an
    -- unsubscription of which no time can be read cannot be shown to be older than anything
    select
        *,
        row_number() over (
            partition by member_key
            order by
                case
                    when status = 'unsubscribed' and coalesce(last_changed_at, unsubscribed_at) is null
                        then timestamp '9999-12-31 00:00:00'
                    else greatest(last_changed_at, unsubscribed_at)
                end desc nulls last,
                severity desc,
                _load_id desc,
                _row desc
        ) as version
    from lists
),

standardised as (
    select
        {{ record_id('mailchimp_members', 'member_key') }} as record_id,
        status,
        email_raw,
        {{ email_only_columns('email_raw') }},
        phone_raw,
        {{ standardise_phone('phone_raw', 'country') }} as phone,
        {{ phone_type('phone_raw', 'country') }} as phone_type,
        {{ phone_problem('phone_raw', 'country') }} as phone_problem,
        first_name,
        last_name,
        address,
        -- parts of an address are two blanks apart: street, city, maybe a region, postcode, country
        case when address like '%  %  %  %' then split_part(address, '  ', 1) end as street,
        case when address like '%  %  %  %' then split_part(address, '  ', 2) end as city,
        case when address like '%  %  %  %' then split_part(address, '  ', -2) end as postcode,
        country,
        member_rating,
        opted_in_at,
        opt_in_ip,
        confirmed_at,
        unsubscribed_at,
        unsubscribe_reason,
        cleaned_at,
        last_changed_at,
        tags,
        {{ cast_or_null("split_part(birthday, '/', 1)", 'integer') }} as birthday_month,
        {{ cast_or_null("split_part(birthday, '/', 2)", 'integer') }} as birthday_day
    from ranked
    where version = 1
)

select * from standardised
