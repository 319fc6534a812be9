with

opened as (

    select
        customer_id,
        count(distinct cast(occurred_at as date)) as day_count,
        max(occurred_at) as last_opened_at
    from {{ ref('events') }}
    where
        event_type = 'screen'
        and customer_id is not null
        and {{ marts_days_ago('occurred_at') }} <= {{ var('app_users_days') }}
    group by customer_id

),

members as (

    select
        customer_id,
        'Used the app on ' || {{ marts_count_text('day_count', 'day') }} || ', last on '
        || {{ marts_date_text('last_opened_at') }} || '.' as reason,
        day_count,
        last_opened_at
    from opened

)

select * from members
