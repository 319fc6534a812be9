with

-- one row per order and category before the moments multiply them: then orders are counted, not told apart
goods as (

    select
        order_id,
        category,
        sum(line_total_amount) as spend_amount
    from {{ ref('order_items') }}
    where category is not null and line_total_amount > 0 and not is_refund
    group by order_id, category

),

bought as (

    select
        orders.as_of_at,
        orders.is_now,
        orders.customer_id,
        orders.ordered_at,
        goods.category,
        goods.spend_amount,
        {{ dbt.datediff('orders.ordered_at', 'orders.as_of_at', 'day') }}
        / cast({{ var('category_half_life_days') }} as double) as half_lives
    from goods
    inner join {{ ref('int_behaviour__orders') }} as orders on goods.order_id = orders.order_id
    where orders.was_purchase

),

spent as (

    select
        as_of_at,
        is_now,
        customer_id,
        category,
        count(*) as order_count,
        max(ordered_at) as last_ordered_at,
        sum(spend_amount) as spend_amount,
        -- decimals add up to the same sum in any order
        sum(cast(spend_amount * power(0.5, half_lives) as decimal(18, 6))) as weighted_amount
    from bought
    group by as_of_at, is_now, customer_id, category

),

totals as (

    select
        as_of_at,
        customer_id,
        sum(spend_amount) as all_spend_amount,
        sum(weighted_amount) as all_weighted_amount
    from spent
    group by as_of_at, customer_id

),

shares as (

    select
        spent.as_of_at,
        spent.is_now,
        spent.customer_id,
        spent.category,
        spent.order_count,
        spent.last_ordered_at,
        spent.spend_amount,
        spent.spend_amount / totals.all_spend_amount as spend_share,
        spent.weighted_amount / nullif(totals.all_weighted_amount, 0) as affinity
    from spent
    inner join totals on spent.as_of_at = totals.as_of_at and spent.customer_id = totals.customer_id

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
