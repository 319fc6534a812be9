with

sessions as (

    select
        *,
        {{ marketing_channel('utm_source', 'utm_medium', 'referrer') }} as channel
    from {{ ref('sessions') }}

),

reached as (

    select
        {{ dbt.date_trunc('month', 'session_date') }} as month_start_date,
        channel,
        coalesce(device_type, 'unknown') as device_type,
        {{ funnel_furthest_step() }} as furthest_step
    from sessions

),

steps as (

    {{ funnel_steps() }}

),

counted as (

    select
        reached.month_start_date,
        reached.channel,
        reached.device_type,
        steps.step_number,
        steps.step,
        sum(case when reached.furthest_step >= steps.step_number then 1 else 0 end) as session_count
    from reached
    cross join steps
    group by 1, 2, 3, 4, 5

),

compared as (

    select
        *,
        lag(session_count) over (
            partition by month_start_date, channel, device_type order by step_number
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
