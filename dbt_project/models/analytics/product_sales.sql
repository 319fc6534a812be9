with

items as (

    select * from {{ ref('order_items') }}
    where is_purchase and sku is not null

),

costs as (

    select
        sku,
        cost_amount
    from {{ ref('products') }}

),

sold as (

    select
        {{ dbt.date_trunc('month', 'items.ordered_at') }} as month_start_date,
        items.sku,
        min(items.product_name) as product_name,
        min(items.category) as category,
        sum(items.quantity) as unit_count,
        count(distinct items.order_id) as order_count,
        count(distinct items.customer_id) as buyer_count,
        sum(items.line_total_amount) as revenue_amount,
        sum(items.line_total_amount - items.quantity * costs.cost_amount) as margin_amount
    from items
    left join costs on items.sku = costs.sku
    group by 1, 2

),

final as (

    select
        *,
        rank() over (partition by month_start_date order by revenue_amount desc) as revenue_rank,
        rank() over (partition by month_start_date, category order by revenue_amount desc) as category_rank
    from sold

)

select * from final
