with

sessions as (

    select
        sessions.*,
        {{ funnel_furthest_step() }} as furthest_step
    from {{ ref('sessions') }} as sessions
    where sessions.customer_id is not null

),

members as (

    select
        segment_name,
        customer_id
    from {{ ref('segment_membership') }}

),

steps as (

    {{ funnel_steps() }}

),

counted as (

    select
        {{ dbt.date_trunc('month', 'sessions.session_date') }} as month_start_date,
        coalesce(members.segment_name, 'none') as segment_name,
        steps.step_number,
        steps.step,
        sum(case when sessions.furthest_step >= steps.step_number then 1 else 0 end) as session_count
    from sessions
    left join members on sessions.customer_id = members.customer_id
    cross join steps
    group by 1, 2, 3, 4

),

compared as (

    select
        *,
        lag(session_count) over (
            partition by month_start_date, segment_name order by step_number
        ) as previous_session_count
    from counted

),

final as (

    select
        *,
        case
            when previous_session_count > 0 then 1 - cast(session_count as double) / previous_session_count
        end as drop_off_rate
    from compared

)

select * from final
