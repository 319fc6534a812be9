with

sessions as (

    select * from {{ ref('sessions') }}

),

final as (

    select
        session_id,
        session_date as measured_on,
        customer_id,
        {{ marketing_channel('utm_source', 'utm_medium', 'referrer') }} as marketing_channel,
        coalesce(device_type, 'unknown') as device,
        has_order,
        -- who ordered by another way has passed the steps before
        has_cart_add or has_checkout or has_order as has_cart
    from sessions

)

select * from final
