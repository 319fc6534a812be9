with

dates as (

    select * from {{ ref('int_behaviour__dates') }}

),

orders as (

    select * from {{ ref('orders') }}
    where customer_id is not null

),

later_refunds as (

    select
        dates.as_of_at,
        refunds.order_id,
        sum(refunds.refunded_amount) as refunded_amount
    from {{ ref('int_orders__dated_refunds') }} as refunds
    inner join dates on refunds.refunded_at > dates.as_of_at
    group by dates.as_of_at, refunds.order_id

),

known as (

    select
        dates.as_of_at,
        dates.is_now,
        orders.*,
        orders.is_cancelled and coalesce(orders.cancelled_at <= dates.as_of_at, true) as was_cancelled,
        case
            -- the money of an order cancelled later went back with the cancellation
            when orders.is_cancelled and orders.cancelled_at > dates.as_of_at then 0
            else orders.refunded_amount - coalesce(later_refunds.refunded_amount * orders.exchange_rate, 0)
        end as refunded_amount_then
    from orders
    inner join dates on orders.ordered_at <= dates.as_of_at
    left join later_refunds on dates.as_of_at = later_refunds.as_of_at and orders.order_id = later_refunds.order_id

),

final as (

    select
        known.as_of_at,
        known.is_now,
        known.customer_id,
        known.order_id,
        known.ordered_at,
        known.store_name,
        known.sales_channel,
        known.discount_amount,
        known.subtotal_amount,
        known.discount_amount > 0 or known.discount_code is not null as is_discounted,
        not known.was_cancelled and not known.is_return as was_purchase,
        {{ marts_net_revenue(
            'known.was_cancelled', 'known.total_amount', 'known.refunded_amount_then', 'known.gift_card_amount'
        ) }} as net_revenue_amount
    from known

)

select * from final
