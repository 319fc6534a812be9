with

paths as (

    select * from {{ ref('touch_paths') }}

),

stepped as (

    select
        path_id,
        order_id,
        channel,
        lag(channel) over (partition by path_id order by place) as previous_channel,
        row_number() over (partition by path_id order by place desc) as place_from_end
    from paths

),

steps as (

    select
        coalesce(previous_channel, '(start)') as from_state,
        channel as to_state
    from stepped
    union all
    select
        channel as from_state,
        case when order_id is null then '(nothing)' else '(purchase)' end as to_state
    from stepped
    where place_from_end = 1

),

final as (

    select
        from_state,
        to_state,
        count(*) as transition_count
    from steps
    group by from_state, to_state

)

select * from final
