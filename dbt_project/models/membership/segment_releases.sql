with

decisions as (

    select * from {{ source('state', 'segment_decisions') }}

),

final as (

    select
        segment_name,
        title,
        status,
        reasons,
        decided_at,
        candidate_count,
        member_count,
        entered_count,
        left_count,
        person as released_by,
        override_reason
    from decisions

)

select * from final
