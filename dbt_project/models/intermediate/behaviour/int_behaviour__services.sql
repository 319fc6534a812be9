with

dates as (

    select * from {{ ref('int_behaviour__dates') }}

),

tickets as (

    select
        customer_id,
        created_at,
        coalesce(solved_at, case when is_solved then updated_at end) as closed_at,
        resolution_hours,
        is_satisfied
    from {{ ref('support_tickets') }}
    where customer_id is not null

),

asked as (

    select
        dates.as_of_at,
        tickets.customer_id,
        count(*) as ticket_count,
        count(*) filter (where tickets.closed_at is null or tickets.closed_at > dates.as_of_at) as open_ticket_count,
        avg(cast(tickets.resolution_hours as decimal(12, 4))) filter (where tickets.closed_at <= dates.as_of_at)
            as mean_resolution_hours
    from tickets
    inner join dates
        on
            tickets.created_at <= dates.as_of_at
            and tickets.created_at > dates.as_of_at - interval '{{ var("service_days") }} days'
    group by dates.as_of_at, tickets.customer_id

),

-- an answer to support is rated when it is there
opinions as (

    select
        customer_id,
        closed_at as stated_at,
        'ticket' as kind,
        cast(null as double) as score,
        case when is_satisfied then 1 else -1 end as opinion
    from tickets
    where is_satisfied is not null
    union all
    select
        customer_id,
        submitted_at as stated_at,
        survey as kind,
        cast(score as double) as score,
        case
            when answer_group in ('promoter', 'satisfied') then 1
            when answer_group in ('detractor', 'dissatisfied') then -1
            else 0
        end as opinion
    from {{ ref('survey_responses') }}
    union all
    select
        customer_id,
        reviewed_at as stated_at,
        'review' as kind,
        cast(rating as double) as score,
        case when rating >= 4 then 1 when rating <= 2 then -1 else 0 end as opinion
    from {{ ref('reviews') }}

),

judged as (

    select
        dates.as_of_at,
        opinions.customer_id,
        max_by(opinions.score, opinions.stated_at) filter (where opinions.kind = 'nps') as newest_nps_score,
        avg(opinions.score) filter (where opinions.kind = 'csat') as mean_csat_score,
        avg(opinions.score) filter (where opinions.kind = 'review') as mean_review_rating,
        count(*) filter (where opinions.opinion = 1) as good_count,
        count(*) filter (where opinions.opinion = -1) as bad_count
    from opinions
    inner join dates
        on
            opinions.stated_at <= dates.as_of_at
            and opinions.stated_at > dates.as_of_at - interval '{{ var("service_days") }} days'
    where opinions.customer_id is not null
    group by dates.as_of_at, opinions.customer_id

),

joined as (

    select
        coalesce(asked.as_of_at, judged.as_of_at) as as_of_at,
        coalesce(asked.customer_id, judged.customer_id) as customer_id,
        coalesce(asked.ticket_count, 0) as ticket_count,
        coalesce(asked.open_ticket_count, 0) as open_ticket_count,
        asked.mean_resolution_hours,
        judged.newest_nps_score,
        judged.mean_csat_score,
        judged.mean_review_rating,
        case
            when judged.bad_count > 0 and judged.bad_count >= judged.good_count then 'poor'
            when judged.bad_count > 0 then 'mixed'
            when judged.good_count > 0 then 'good'
            when judged.customer_id is not null then 'neutral'
        end as service_experience
    from asked
    full outer join judged on asked.as_of_at = judged.as_of_at and asked.customer_id = judged.customer_id

)

select * from joined
