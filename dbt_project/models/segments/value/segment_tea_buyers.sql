with

bought as (

    select
        customer_id,
        count(distinct order_id) as order_count,
        max(ordered_at) as last_bought_at
    from {{ ref('order_items') }}
    where
        is_purchase
        and customer_id is not null
        and {{ marts_one_of('category', var('product_buyers_categories')) }}
        and {{ marts_days_ago('ordered_at') }} <= {{ var('product_buyers_days') }}
    group by customer_id

),

members as (

    select
        customer_id,
        'Bought it in ' || {{ marts_count_text('order_count', 'order') }} || ', last on '
        || {{ marts_date_text('last_bought_at') }} || '.' as reason,
        order_count,
        last_bought_at
    from bought

)

select * from members
