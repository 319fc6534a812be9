with

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

cards as (

    select
        clusters.customer_id,
        min(cards.tier) as tier,
        max(cards.points) as points
    from {{ ref('stg_loyalty__members') }} as cards
    inner join clusters on cards.record_id = clusters.record_id
    where {{ marts_one_of('cards.tier', var('loyalty_top_tiers')) }}
    group by clusters.customer_id

),

members as (

    select
        customer_id,
        'Has a ' || tier || ' card' || coalesce(' with ' || cast(points as varchar) || ' points', '') || '.' as reason,
        tier,
        points
    from cards

)

select * from members
