with

released as (

    select * from {{ source('state', 'segment_members') }}

),

customers as (

    select * from {{ ref('customers') }}

),

newest_decisions as (

    select * from {{ source('state', 'segment_decisions') }}

),

-- a segment that is held keeps its members; whoever was merged meanwhile is in it under the id they have now
present as (

    select
        released.segment_name,
        coalesce(redirects.customer_id, released.customer_id) as customer_id,
        newest_decisions.channel,
        released.reason,
        released.is_holdout,
        released.entered_at,
        row_number() over (
            partition by released.segment_name, coalesce(redirects.customer_id, released.customer_id)
            order by released.entered_at asc, released.customer_id asc
        ) as member_order
    from released
    inner join newest_decisions on released.segment_name = newest_decisions.segment_name
    left join {{ source('identity', 'identity_redirects') }} as redirects
        on released.customer_id = redirects.old_customer_id

),

final as (

    select
        present.customer_id,
        present.segment_name,
        present.channel,
        present.reason,
        present.is_holdout,
        present.entered_at
    from present
    inner join customers on present.customer_id = customers.customer_id
    where present.member_order = 1

)

select * from final
