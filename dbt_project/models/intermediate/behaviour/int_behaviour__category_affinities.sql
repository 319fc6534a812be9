with

lines as (

    select
        *,
        {{ dbt.datediff('ordered_at', 'as_of_at', 'day') }} / cast({{ var('category_half_life_days') }} as double)
            as half_lives
    from {{ ref('int_behaviour__lines') }}
    where category is not null and line_total_amount > 0

),

weighted as (

    select
        *,
        cast(line_total_amount * power(0.5, half_lives) as decimal(18, 6)) as weighted_amount
    from lines

),

spent as (

    select
        as_of_at,
        is_now,
        customer_id,
        category,
        count(distinct order_id) as order_count,
        max(ordered_at) as last_ordered_at,
        sum(line_total_amount) as spend_amount,
        -- decimals add up to the same sum in any order
        sum(weighted_amount) as weighted_amount
    from weighted
    group by as_of_at, is_now, customer_id, category

),

shares as (

    select
        as_of_at,
        is_now,
        customer_id,
        category,
        order_count,
        last_ordered_at,
        spend_amount,
        spend_amount / sum(spend_amount) over (partition by as_of_at, customer_id) as spend_share,
        weighted_amount / nullif(sum(weighted_amount) over (partition by as_of_at, customer_id), 0) as affinity
    from spent

),

ranked as (

    select
        *,
        row_number() over (
            partition by as_of_at, customer_id order by affinity desc nulls last, spend_share desc, category asc
        ) as affinity_rank
    from shares

)

select * from ranked
