-- Per source: orders and money in the mart against what the source's own lines say. Any difference is a row.
with

delivered as (

    select
        'shopify' as source,
        count(*) as order_count,
        sum(total_amount) as total_amount,
        sum(refunded_amount) as refunded_amount
    from {{ ref('stg_shopify__orders') }}
    union all
    select
        'square' as source,
        count(distinct order_id) as order_count,
        sum(case when not is_refund then net_amount + tax_amount else 0 end) as total_amount,
        sum(case when is_refund then abs(net_amount + tax_amount) else 0 end) as refunded_amount
    from {{ ref('stg_square__items') }}

),

kept as (

    select
        source,
        count(*) as order_count,
        sum(original_total_amount) as total_amount,
        sum(original_refunded_amount) as refunded_amount
    from {{ ref('orders') }}
    group by source

)

select
    delivered.*,
    kept.order_count as kept_order_count,
    kept.total_amount as kept_total_amount,
    kept.refunded_amount as kept_refunded_amount
from delivered
left join kept on delivered.source = kept.source
where
    delivered.order_count <> coalesce(kept.order_count, 0)
    or coalesce(delivered.total_amount, 0) <> coalesce(kept.total_amount, 0)
    or coalesce(delivered.refunded_amount, 0) <> coalesce(kept.refunded_amount, 0)
