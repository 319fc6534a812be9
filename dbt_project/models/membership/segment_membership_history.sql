with

stays as (

    select * from {{ source('state', 'segment_stays') }}

),

final as (

    select
        segment_name,
        customer_id,
        entered_at,
        entered_reason,
        left_at,
        left_reason,
        left_at is null as is_member,
        {{ dbt.datediff('entered_at', 'coalesce(left_at, ' ~ as_of() ~ ')', 'day') }} as days_in_segment
    from stays

)

select * from final
