with

views as (

    select
        customer_id,
        product_id,
        max(product_name) as product_name,
        count(*) as view_count,
        max(occurred_at) as last_viewed_at
    from {{ ref('events') }}
    where
        event_name = 'Product Viewed'
        and customer_id is not null
        and product_id is not null
        and not is_bot
        and {{ marts_days_ago('occurred_at') }} <= {{ var('browsed_not_bought_days') }}
    group by customer_id, product_id

),

bought as (

    select distinct
        customer_id,
        product_id
    from {{ ref('order_items') }}
    where is_purchase and product_id is not null

),

unbought as (

    select
        views.*,
        row_number() over (
            partition by views.customer_id order by views.last_viewed_at desc, views.product_id asc
        ) as product_order
    from views
    left join bought on views.customer_id = bought.customer_id and views.product_id = bought.product_id
    where bought.customer_id is null and views.view_count >= {{ var('browsed_not_bought_minimum_views') }}

),

members as (

    select
        customer_id,
        'Looked at ' || coalesce(product_name, product_id) || ' '
        || {{ marts_count_text('view_count', 'time') }}
        || ', last on ' || {{ marts_date_text('last_viewed_at') }} || ', and has not bought it.' as reason,
        product_id,
        last_viewed_at
    from unbought
    where product_order = 1

)

select * from members
