with tickets as (
    select
        {{ parse_instant('updated_at') }} as updated_at,
        {{ json_struct('requester', {'id': none, 'name': none, 'email': none, 'phone': none}) }} as person
    from {{ newest_version(source('raw', 'zendesk_tickets'), ['id'], cursor=parse_instant('updated_at')) }}
),

latest as (
    -- a requester stands on every ticket of theirs: each detail keeps its newest value
    select
        person.id as requester_id,
        max_by(person.name, updated_at) filter (where person.name is not null) as requester_name,
        max_by(person.email, updated_at) filter (where person.email is not null) as email_raw,
        max_by(person.phone, updated_at) filter (where person.phone is not null) as phone_raw,
        count(*) as ticket_count,
        max(updated_at) as last_updated_at
    from tickets
    where person.id is not null
    group by person.id
),

standardised as (
    select
        *,
        {{ record_id('zendesk_requesters', 'requester_id') }} as record_id,
        {{ contact_columns('email_raw', 'phone_raw') }}
    from latest
)

select * from standardised
