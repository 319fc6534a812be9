with

-- only moments matter here, and few columns sort fast: the events join the visits, not the other way round
moments as (

    select distinct
        {{ marts_visitor_id() }} as visitor_id,
        occurred_at
    from {{ ref('stg_segment__events') }}
    where not is_bot

),

spaced as (

    select
        *,
        lag(occurred_at) over (partition by visitor_id order by occurred_at) as previous_at
    from moments

),

starts as (

    select
        visitor_id,
        occurred_at as started_at
    from spaced
    where
        previous_at is null
        or occurred_at > previous_at + interval '{{ var("session_timeout_minutes") }} minutes'

),

visits as (

    select
        visitor_id || '@' || {{ marts_epoch_text('started_at') }} as session_id,
        visitor_id,
        started_at,
        coalesce(
            lead(started_at) over (partition by visitor_id order by started_at), timestamp '9999-12-31 00:00:00'
        ) as next_started_at
    from starts

)

select * from visits
