with

deals as (

    select * from {{ ref('stg_hubspot__deals') }}

),

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

final as (

    select
        deals.deal_id,
        clusters.customer_id,
        deals.deal_name,
        deals.pipeline,
        deals.deal_stage,
        replace(lower(deals.deal_stage), ' ', '') like '%closedwon%' as is_won,
        replace(lower(deals.deal_stage), ' ', '') like '%closedlost%' as is_lost,
        deals.amount,
        deals.currency,
        deals.created_at,
        deals.closed_at,
        deals.closed_lost_reason
    from deals
    left join clusters on deals.record_id = clusters.record_id

)

select * from final
