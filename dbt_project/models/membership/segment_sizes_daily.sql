with

days as (

    select * from {{ source('state', 'segment_daily_sizes') }}

),

final as (

    select
        as_of_date,
        segment_name,
        member_count,
        holdout_count,
        status,
        member_count - lag(member_count) over (partition by segment_name order by as_of_date) as member_change
    from days

)

select * from final
