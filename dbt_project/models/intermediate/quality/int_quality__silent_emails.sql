with

mailed as (

    select
        email,
        max(occurred_at) filter (where action in ('open', 'click')) as last_answered_at,
        min(occurred_at) filter (where action = 'sent') as first_mailed_at
    from {{ ref('email_activity') }}
    group by email

),

ordered as (

    select
        records.email,
        max(orders.ordered_at) as last_ordered_at
    from {{ ref('orders') }} as orders
    inner join {{ ref('int_identity__records') }} as records on orders.record_id = records.record_id
    where records.email is not null
    group by records.email

),

-- an address that never answered has been silent since it was first written to
heard_of as (

    select
        coalesce(mailed.email, ordered.email) as email,
        coalesce(
            greatest(
                coalesce(mailed.last_answered_at, ordered.last_ordered_at),
                coalesce(ordered.last_ordered_at, mailed.last_answered_at)
            ),
            mailed.first_mailed_at
        ) as silent_since_at
    from mailed
    full outer join ordered on mailed.email = ordered.email

),

silent as (

    select * from heard_of
    where {{ marts_days_ago('silent_since_at') }} > {{ var('stale_email_days') }}

)

select * from silent
