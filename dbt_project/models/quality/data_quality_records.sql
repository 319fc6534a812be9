with

judged as (

    select * from {{ ref('int_quality__judged_records') }}

),

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

carried as (

    select
        source,
        count(*) as field_count
    from {{ ref('data_quality_fields') }}
    group by source

),

decay as (

    select
        record_id,
        count(*) as sign_count,
        bool_or(sign = 'stale email') as has_stale_email,
        bool_or(sign = 'undeliverable email') as has_undeliverable_email,
        bool_or(sign = 'moved') as has_moved,
        bool_or(sign = 'other phone') as has_other_phone
    from {{ ref('data_decay') }}
    group by record_id

),

counted as (

    select
        record_id,
        source,
        {{ judged_count("is not null") }} as filled_count,
        {{ judged_count("= 'valid'") }} as valid_count
    from judged

),

measured as (

    select
        counted.record_id,
        clusters.customer_id,
        counted.source,
        counted.filled_count,
        counted.valid_count,
        coalesce(decay.has_stale_email, false) as has_stale_email,
        coalesce(decay.has_undeliverable_email, false) as has_undeliverable_email,
        coalesce(decay.has_moved, false) as has_moved,
        coalesce(decay.has_other_phone, false) as has_other_phone,
        coalesce(counted.valid_count / cast(carried.field_count as double), 0) as completeness,
        coalesce(counted.valid_count / nullif(cast(counted.filled_count as double), 0), 1) as validity,
        1 - coalesce(decay.sign_count, 0) / 4.0 as freshness
    from counted
    left join clusters on counted.record_id = clusters.record_id
    left join carried on counted.source = carried.source
    left join decay on counted.record_id = decay.record_id

),

final as (

    select
        *,
        (completeness + validity + freshness) / 3 as score
    from measured

)

select * from final
