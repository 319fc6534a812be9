with

purchases as (

    select * from {{ ref('int_behaviour__purchases') }}
    where is_now

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
        purchases.customer_id,
        purchases.first_order_at,
        purchases.last_order_at,
        purchases.order_count,
        purchases.total_spend_amount,
        categories.category as favourite_category,
        categories.category_order_count as favourite_category_order_count,
        case
            when categories.categorised_amount > 0 then categories.category_amount / categories.categorised_amount
        end as favourite_category_share
    from purchases
    left join categories on purchases.customer_id = categories.customer_id and categories.category_order = 1

)

select * from facts
