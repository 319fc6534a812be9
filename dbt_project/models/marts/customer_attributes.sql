with

stated as (

    select * from {{ ref('int_customer__stated_values') }}

),

-- every source's word for a value once, so that the list of sources is one
by_source as (

    select
        customer_id,
        attribute,
        value_key,
        source,
        min(seen_at) as first_seen_at,
        max(seen_at) as last_seen_at,
        count(*) as record_count
    from stated
    group by customer_id, attribute, value_key, source

),

valued as (

    select
        customer_id,
        attribute,
        value_key,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        sum(record_count) as record_count,
        {{ dbt.listagg('source', "', '", 'order by source') }} as sources
    from by_source
    group by customer_id, attribute, value_key

),

-- a value is as good as its best record; the winner is compared with the next best value, the others with the winner
best_records as (

    select
        *,
        row_number() over (partition by customer_id, attribute, value_key order by survival) as record_order
    from stated

),

best as (

    select
        *,
        row_number() over (partition by customer_id, attribute order by survival) as value_order
    from best_records
    where record_order = 1

),

compared as (

    select
        best.*,
        other.source as other_source,
        other.record_id as other_record_id,
        other.is_usable as other_is_usable,
        other.is_whole as other_is_whole,
        other.trust as other_trust,
        other.seen_at as other_seen_at,
        other.frequency as other_frequency,
        other.verification as other_verification
    from best
    left join best as other
        on
            best.customer_id = other.customer_id
            and best.attribute = other.attribute
            and other.value_order = case when best.value_order = 1 then 2 else 1 end

),

decided as (

    select
        *,
        value_order = 1 and is_usable as is_current,
        case when other_record_id is not null then {{ marts_deciding_key() }} end as decided_by
    from compared

),

final as (

    select
        cast(decided.customer_id as varchar) as customer_id,
        cast(decided.attribute as varchar) as attribute,
        cast(decided.value as varchar) as value,
        cast(valued.sources as varchar) as sources,
        cast(valued.first_seen_at as timestamp) as first_seen_at,
        cast(valued.last_seen_at as timestamp) as last_seen_at,
        cast(valued.record_count as integer) as record_count,
        cast(
            valued.record_count
            / sum(valued.record_count) over (partition by decided.customer_id, decided.attribute) as double
        ) as agreement,
        cast(decided.is_current as boolean) as is_current,
        cast({{ marts_survival_sentence() }} as varchar) as reason,
        cast(decided.value_key as varchar) as value_key,
        cast(decided.record_id as varchar) as record_id
    from decided
    inner join valued
        on
            decided.customer_id = valued.customer_id
            and decided.attribute = valued.attribute
            and decided.value_key = valued.value_key

)

select * from final
