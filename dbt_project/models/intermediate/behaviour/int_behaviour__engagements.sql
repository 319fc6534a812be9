{%- set points = var('engagement_points') -%}
{%- set limits = var('engagement_limits') -%}

with

dates as (

    select * from {{ ref('int_behaviour__dates') }}

),

-- a visit that goes on after the moment counts by its start: what it led to is not known yet
signs as (

    select
        customer_id,
        started_at as occurred_at,
        'visit' as kind,
        session_id as counted_id
    from {{ ref('sessions') }}
    union all
    select
        customer_id,
        occurred_at,
        'email_' || action as kind,
        campaign_id as counted_id
    from {{ ref('email_activity') }}
    where action in ('open', 'click')
    union all
    select
        customer_id,
        reviewed_at as occurred_at,
        'feedback' as kind,
        review_id as counted_id
    from {{ ref('reviews') }}
    union all
    select
        customer_id,
        submitted_at as occurred_at,
        'feedback' as kind,
        response_id as counted_id
    from {{ ref('survey_responses') }}

),

counted as (

    select
        dates.as_of_at,
        signs.customer_id,
        count(*) filter (where signs.kind = 'visit') as visit_count,
        count(distinct case when signs.kind = 'email_open' then signs.counted_id end) as opened_campaign_count,
        count(distinct case when signs.kind = 'email_click' then signs.counted_id end) as clicked_campaign_count,
        count(*) filter (where signs.kind = 'feedback') as feedback_count
    from signs
    inner join dates
        on
            signs.occurred_at <= dates.as_of_at
            and signs.occurred_at > dates.as_of_at - interval '{{ var("engagement_days") }} days'
    where signs.customer_id is not null
    group by dates.as_of_at, signs.customer_id

),

buyers as (

    select * from {{ ref('int_behaviour__purchases') }}
    where recent_order_count > 0

),

joined as (

    select
        coalesce(counted.as_of_at, buyers.as_of_at) as as_of_at,
        coalesce(counted.customer_id, buyers.customer_id) as customer_id,
        coalesce(counted.visit_count, 0) as visit_count,
        coalesce(counted.opened_campaign_count, 0) as opened_campaign_count,
        coalesce(counted.clicked_campaign_count, 0) as clicked_campaign_count,
        coalesce(counted.feedback_count, 0) as feedback_count,
        coalesce(buyers.recent_order_count, 0) as recent_order_count
    from counted
    full outer join buyers on counted.as_of_at = buyers.as_of_at and counted.customer_id = buyers.customer_id

),

scored as (

    select
        *,
        least(visit_count * {{ points.visit }}, {{ limits.visit }})
        + least(
            opened_campaign_count * {{ points.email_open }} + clicked_campaign_count * {{ points.email_click }},
            {{ limits.email }}
        )
        + least(recent_order_count * {{ points.purchase }}, {{ limits.purchase }})
        + least(feedback_count * {{ points.feedback }}, {{ limits.feedback }}) as engagement_score
    from joined

)

select * from scored
