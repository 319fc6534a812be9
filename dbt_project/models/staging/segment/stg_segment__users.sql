{%- set trait_shape = {'email': none, 'firstName': none, 'lastName': none, 'phone': none} -%}

with identifies as (
    select
        user_id,
        {{ parse_instant('coalesce(segment_events.timestamp, original_timestamp, sent_at)') }} as identified_at,
        {{ json_struct('traits', trait_shape) }} as traits,
        {{ json_struct('context', {'locale': none}) }} as context
    from {{ source('raw', 'segment_events') }} as segment_events
    where type = 'identify' and user_id is not null
),

latest as (
    -- a later call may carry fewer traits: each trait keeps its newest value
    select
        user_id,
        max_by(traits.email, identified_at) filter (where traits.email is not null) as email_raw,
        max_by(traits.firstName, identified_at) filter (where traits.firstName is not null) as first_name,
        max_by(traits.lastName, identified_at) filter (where traits.lastName is not null) as last_name,
        max_by(traits.phone, identified_at) filter (where traits.phone is not null) as phone_raw,
        max_by(context.locale, identified_at) filter (where context.locale is not null) as locale,
        min(identified_at) as first_seen_at,
        max(identified_at) as identified_at
    from identifies
    group by user_id
),

standardised as (
    select
        *,
        {{ record_id('segment_users', 'user_id') }} as record_id,
        {{ regex_extract('lower(locale)', '^([a-z]{2,3})(?:[-_].*)?$') }} as language,
        {{ contact_columns('email_raw', 'phone_raw') }}
    from latest
)

select * from standardised
