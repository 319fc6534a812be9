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
        min(survival) as survival,
        min(seen_at) as first_seen_at,
        max(seen_at) as last_seen_at,
        count(*) as record_count
    from stated
    group by customer_id, attribute, value_key, source

),

-- a value is as good as its best record
valued as (

    select
        customer_id,
        attribute,
        value_key,
        min(survival) as survival,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        sum(record_count) as record_count,
        {{ sorted_list('source') }} as sources
    from by_source
    group by customer_id, attribute, value_key

),

best as (

    select
        stated.*,
        valued.first_seen_at,
        valued.last_seen_at,
        valued.record_count,
        valued.sources,
        row_number() over (partition by stated.customer_id, stated.attribute order by stated.survival) as value_order
    from stated
    inner join valued
        on
            stated.customer_id = valued.customer_id
            and stated.attribute = valued.attribute
            and stated.survival = valued.survival

),

-- the winner is compared with the next best value, the others with the winner
others as (

    select * from best
    where value_order <= 2

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
    left join others as other
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
        cast(decided.sources as varchar) as sources,
        cast(decided.first_seen_at as timestamp) as first_seen_at,
        cast(decided.last_seen_at as timestamp) as last_seen_at,
        cast(decided.record_count as integer) as record_count,
        cast(
            decided.record_count
            / sum(decided.record_count) over (partition by decided.customer_id, decided.attribute) as double
        ) as agreement,
        cast(decided.is_current as boolean) as is_current,
        cast({{ marts_survival_sentence() }} as varchar) as reason,
        cast(decided.value_key as varchar) as value_key,
        cast(decided.record_id as varchar) as record_id
    from decided

)

select * from final
