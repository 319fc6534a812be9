with

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

joined as (

    select
        record_id,
        cast(joined_date as timestamp) as occurred_at,
        'loyalty_joined' as interaction,
        'Joined the loyalty programme' || coalesce(' (now ' || tier || ')', '') || '.' as sentence,
        'loyalty' as source,
        'stg_loyalty__members' as source_table,
        loyalty_card_id as source_id
    from {{ ref('stg_loyalty__members') }}
    where joined_date is not null

),

seen as (

    select
        record_id,
        cast(last_visit_date as timestamp) as occurred_at,
        'loyalty' as source,
        'stg_loyalty__members' as source_table,
        loyalty_card_id as source_id
    from {{ ref('stg_loyalty__members') }}
    union all
    select
        record_id,
        cast(first_visit_date as timestamp) as occurred_at,
        'square' as source,
        'stg_square__customers' as source_table,
        square_customer_id as source_id
    from {{ ref('stg_square__customers') }}
    union all
    select
        record_id,
        cast(last_visit_date as timestamp) as occurred_at,
        'square' as source,
        'stg_square__customers' as source_table,
        square_customer_id as source_id
    from {{ ref('stg_square__customers') }}

),

owned as (

    select
        clusters.customer_id,
        joined.occurred_at,
        joined.interaction,
        joined.sentence,
        joined.source,
        joined.source_table,
        joined.source_id
    from joined
    inner join clusters on joined.record_id = clusters.record_id
    union all
    select distinct
        clusters.customer_id,
        seen.occurred_at,
        'store_visit' as interaction,
        'Was in the store (' || seen.source || ').' as sentence,
        seen.source,
        seen.source_table,
        seen.source_id
    from seen
    inner join clusters on seen.record_id = clusters.record_id
    where seen.occurred_at is not null

),

-- a purchase of that day in the store is the visit
store_days as (

    select distinct
        customer_id,
        cast({{ utc_to_local('ordered_at', var('shop_time_zone')) }} as date) as store_date
    from {{ ref('orders') }}
    where sales_channel = 'store' and customer_id is not null

),

final as (

    select
        owned.customer_id,
        owned.occurred_at,
        'store' as channel,
        owned.interaction,
        owned.sentence,
        cast(null as decimal(18, 2)) as amount,
        cast(null as varchar) as currency,
        owned.source,
        owned.source_table,
        owned.source_id
    from owned
    left join store_days
        on owned.customer_id = store_days.customer_id and cast(owned.occurred_at as date) = store_days.store_date
    where owned.interaction <> 'store_visit' or store_days.customer_id is null

)

select * from final
