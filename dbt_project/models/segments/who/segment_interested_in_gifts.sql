with

texts as (

    select
        customer_id,
        submitted_at as written_at,
        comment as words
    from {{ ref('survey_responses') }}
    union all
    select
        customer_id,
        reviewed_at as written_at,
        coalesce(title, '') || ' ' || coalesce(body, '') as words
    from {{ ref('reviews') }}
    union all
    select
        customer_id,
        created_at as written_at,
        coalesce(subject, '') || ' ' || coalesce(description, '') as words
    from {{ ref('support_tickets') }}

),

matched as (

    select
        customer_id,
        written_at,
        row_number() over (partition by customer_id order by written_at desc, words asc) as text_order
    from texts
    where
        customer_id is not null
        and {{ marts_days_ago('written_at') }} <= {{ var('interest_days') }}
        and {{ marts_has_word('words', var('interest_words')) }}

),

members as (

    select
        customer_id,
        'Wrote about it on ' || {{ marts_date_text('written_at') }} || '.' as reason,
        written_at
    from matched
    where text_order = 1

)

select * from members
