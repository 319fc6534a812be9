with

decisions as (

    select * from {{ source('state', 'segment_decisions') }}
    where status <> 'retired'

),

counted as (

    select
        segment_name,
        count(*) as member_count,
        count(*) filter (where is_holdout) as holdout_count
    from {{ ref('segment_membership') }}
    group by segment_name

),

sizes as (

    select
        decisions.segment_name,
        decisions.title,
        decisions.channel,
        decisions.smallest_expected_size,
        decisions.largest_expected_size,
        decisions.status,
        coalesce(counted.member_count, 0) as member_count,
        coalesce(counted.holdout_count, 0) as holdout_count,
        coalesce(counted.member_count, 0)
        between decisions.smallest_expected_size and decisions.largest_expected_size as is_within_band
    from decisions
    left join counted on decisions.segment_name = counted.segment_name

)

select * from sizes
