with

sessions as (

    select * from {{ ref('sessions') }}

),

final as (

    select
        session_id as touch_id,
        customer_id,
        started_at as touched_at,
        {{ marketing_channel('utm_source', 'utm_medium', 'referrer') }} as channel,
        utm_campaign as campaign
    from sessions
    where customer_id is not null

)

select * from final
