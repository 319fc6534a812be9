with

purchases as (

    select
        customer_id,
        min(ordered_at) as first_order_at,
        max(ordered_at) as last_order_at,
        count(*) as order_count
    from {{ ref('orders') }}
    where is_purchase and customer_id is not null
    group by customer_id

),

revenue as (

    -- a return at the till takes money back although it is no purchase
    select
        customer_id,
        sum(net_revenue_amount) as total_spend_amount
    from {{ ref('orders') }}
    where customer_id is not null
    group by customer_id

),

category_spend as (

    select
        customer_id,
        category,
        sum(line_total_amount) as category_amount,
        count(distinct order_id) as category_order_count
    from {{ ref('order_items') }}
    where is_purchase and customer_id is not null and category is not null
    group by customer_id, category

),

categories as (

    select
        *,
        sum(category_amount) over (partition by customer_id) as categorised_amount,
        row_number() over (
            partition by customer_id order by category_amount desc, category_order_count desc, category asc
        ) as category_order
    from category_spend

),

facts as (

    select
        revenue.customer_id,
        purchases.first_order_at,
        purchases.last_order_at,
        coalesce(purchases.order_count, 0) as order_count,
        revenue.total_spend_amount,
        categories.category as favourite_category,
        categories.category_order_count as favourite_category_order_count,
        case
            when categories.categorised_amount > 0 then categories.category_amount / categories.categorised_amount
        end as favourite_category_share
    from revenue
    left join purchases on revenue.customer_id = purchases.customer_id
    left join categories on revenue.customer_id = categories.customer_id and categories.category_order = 1

)

select * from facts
