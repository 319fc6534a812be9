with

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

final as (

    select
        customer_id,
        min(confidence) as confidence,
        count(*) filter (where strict_id <> customer_id) as doubtful_record_count,
        bool_and(strict_id = customer_id) as is_strict
    from clusters
    group by customer_id

)

select * from final
