with

satisfaction as (

    select
        cast(submitted_at as date) as measured_on,
        answer_group = 'satisfied' as is_satisfied
    from {{ ref('survey_responses') }}
    where survey = 'csat'
    union all
    select
        cast(coalesce(solved_at, updated_at) as date) as measured_on,
        is_satisfied
    from {{ ref('support_tickets') }}
    where is_satisfied is not null

),

satisfaction_days as (

    select
        measured_on,
        count(*) as satisfaction_ratings,
        count(*) filter (where is_satisfied) as satisfied_ratings
    from satisfaction
    group by measured_on

),

nps_days as (

    select
        cast(submitted_at as date) as measured_on,
        count(*) as nps_answers,
        sum(case answer_group when 'promoter' then 100 when 'detractor' then -100 else 0 end) as net_promoter_points
    from {{ ref('survey_responses') }}
    where survey = 'nps'
    group by cast(submitted_at as date)

),

ticket_days as (

    select
        cast(solved_at as date) as measured_on,
        count(*) as solved_tickets,
        sum(cast(resolution_hours as decimal(18, 4))) as resolution_hours
    from {{ ref('support_tickets') }}
    where resolution_hours is not null
    group by cast(solved_at as date)

),

deal_days as (

    select
        cast(closed_at as date) as measured_on,
        count(*) as won_deals,
        sum(amount) as won_deal_amount,
        sum({{ dbt.datediff('created_at', 'closed_at', 'day') }}) as won_deal_days
    from {{ ref('deals') }}
    where is_won and closed_at is not null
    group by cast(closed_at as date)

),

measures as (

    {{ marts_measures('satisfaction_days', ['satisfaction_ratings', 'satisfied_ratings']) }}
    union all
    {{ marts_measures('nps_days', ['nps_answers', 'net_promoter_points']) }}
    union all
    {{ marts_measures('ticket_days', ['solved_tickets', 'resolution_hours']) }}
    union all
    {{ marts_measures('deal_days', ['won_deals', 'won_deal_amount', 'won_deal_days']) }}

)

select * from measures
