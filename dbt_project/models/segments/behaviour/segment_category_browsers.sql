with

views as (

    select
        customer_id,
        category,
        count(distinct cast(occurred_at as date)) as day_count,
        max(occurred_at) as last_viewed_at
    from {{ ref('events') }}
    where
        customer_id is not null
        and category is not null
        and not is_bot
        and event_name in ('Product Viewed', 'Product List Viewed')
        and {{ marts_days_ago('occurred_at') }} <= {{ var('category_browsers_days') }}
    group by customer_id, category

),

ordered as (

    select
        *,
        row_number() over (
            partition by customer_id order by day_count desc, last_viewed_at desc, category asc
        ) as category_order
    from views
    where day_count >= {{ var('category_browsers_minimum_visits') }}

),

members as (

    select
        customer_id,
        'Looked at ' || category || ' on '
        || {{ marts_count_text('day_count', 'day') }} || ', last on '
        || {{ marts_date_text('last_viewed_at') }} || '.' as reason,
        category,
        day_count
    from ordered
    where category_order = 1

)

select * from members
