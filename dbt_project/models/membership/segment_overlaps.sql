with

members as (

    select
        segment_name,
        customer_id
    from {{ ref('segment_membership') }}

),

sizes as (

    select
        segment_name,
        count(*) as member_count
    from members
    group by segment_name

),

shared as (

    select
        ours.segment_name,
        theirs.segment_name as other_segment_name,
        count(*) as shared_count
    from members as ours
    inner join members as theirs on ours.customer_id = theirs.customer_id
    group by ours.segment_name, theirs.segment_name

),

final as (

    select
        ours.segment_name,
        theirs.segment_name as other_segment_name,
        ours.member_count,
        theirs.member_count as other_member_count,
        coalesce(shared.shared_count, 0) as shared_count,
        coalesce(shared.shared_count, 0) / cast(ours.member_count as double) as share_of_segment
    from sizes as ours
    cross join sizes as theirs
    left join shared
        on ours.segment_name = shared.segment_name and theirs.segment_name = shared.other_segment_name

)

select * from final
