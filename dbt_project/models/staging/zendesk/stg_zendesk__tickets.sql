{%- set priorities = ['low', 'normal', 'high', 'urgent'] -%}

with newest as (
    select * from {{ newest_version(source('raw', 'zendesk_tickets'), ['id'], cursor=parse_instant('updated_at')) }}
),

parsed as (
    select
        *,
        {{ json_struct('requester', {'id': none, 'name': none, 'email': none, 'phone': none}) }} as person,
        {{ json_struct('satisfaction_rating', {'score': none, 'comment': none}) }} as satisfaction
    from newest
),

cleaned as (
    select
        id as ticket_id,
        {{ record_id('zendesk_requesters', 'person.id') }} as record_id,
        person.id as requester_id,
        {{ parse_instant('created_at') }} as created_at,
        {{ parse_instant('updated_at') }} as updated_at,
        {{ parse_instant('solved_at') }} as solved_at,
        subject,
        description,
        lower(status) as status,
        {{ standardise_category('priority', priorities) }} as priority,
        {{ category_problem('priority', priorities) }} as priority_problem,
        lower(type) as ticket_type,
        lower(channel) as channel,
        assignee,
        lower(satisfaction.score) as satisfaction_score,
        satisfaction.comment as satisfaction_comment,
        {{ json_list_text('tags') }} as tags
    from parsed
)

select * from cleaned
