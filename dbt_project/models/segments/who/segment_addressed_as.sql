with

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

stated as (

    select
        clusters.customer_id,
        min(cards.title) as title
    from {{ ref('stg_loyalty__members') }} as cards
    inner join clusters on cards.record_id = clusters.record_id
    where {{ marts_one_of('cards.title', var('addressed_as_titles')) }}
    group by clusters.customer_id

),

members as (

    select
        customer_id,
        'Wants to be addressed as ' || title || '.' as reason,
        title
    from stated

)

select * from members
