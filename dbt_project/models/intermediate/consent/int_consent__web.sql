{#- What signed-in visitors chose in the consent banner. Only the event that says they chose counts: every event repeats
    the standing preferences, and a repetition is no statement. -#}
with choices as (
    select * from {{ ref('stg_segment__events') }}
    where
        event_name in ('Segment Consent Preference Updated', 'Consent Preference Updated')
        and record_id is not null
),

users as (
    select
        record_id,
        email
    from {{ ref('stg_segment__users') }}
),

stated as (
    {%- for rule in var('web_consent_categories') %}
    select
        record_id,
        '{{ rule[1] }}' as purpose,
        '{{ rule[2] }}' as channel,
        case
            when lower(cast(consent_preferences.{{ rule[0] }} as varchar)) = 'true' then 'granted' else 'denied'
        end as status,
        occurred_at as stated_at,
        'chose {{ rule[0] }} in the consent banner' as proof
    from choices
    where consent_preferences.{{ rule[0] }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

web as (
    select
        stated.*,
        users.email
    from stated
    left join users on stated.record_id = users.record_id
)

select * from web
