with

affinities as (

    select * from {{ ref('int_behaviour__category_affinities') }}
    where is_now

),

final as (

    select
        cast(customer_id as varchar) as customer_id,
        cast(category as varchar) as category,
        cast(order_count as integer) as order_count,
        cast(last_ordered_at as timestamp) as last_ordered_at,
        cast(spend_amount as decimal(18, 2)) as spend_amount,
        cast('{{ var("shop_currency") }}' as varchar) as currency,
        cast(spend_share as double) as spend_share,
        cast(affinity as double) as affinity,
        cast(affinity_rank as integer) as affinity_rank
    from affinities

)

select * from final
