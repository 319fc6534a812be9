with

-- the currency in which a source states what its customers spent
currencies as (

    select
        source,
        coalesce(max(currency), '{{ var("shop_currency", "GBP") }}') as currency
    from {{ source('raw', 'control_totals') }}
    where is_stated
    group by source

),

stated as (

    select
        accounts.source,
        currencies.currency,
        coalesce(clusters.customer_id, accounts.record_id) as buyer_id,
        sum(coalesce(accounts.stated_orders, 0)) as stated_orders,
        sum(coalesce(accounts.stated_amount, 0)) as stated_amount
    from {{ ref('int_reconciliation__stated_accounts') }} as accounts
    inner join currencies on accounts.source = currencies.source
    left join {{ source('identity', 'identity_clusters') }} as clusters on accounts.record_id = clusters.record_id
    group by accounts.source, currencies.currency, coalesce(clusters.customer_id, accounts.record_id)

),

-- an order of nobody, such as a walk-in's, is a buyer of its own
ours as (

    select
        orders.source,
        currencies.currency,
        coalesce(orders.customer_id, orders.order_id) as buyer_id,
        count(*) filter (where orders.is_purchase) as our_orders,
        count(*) filter (where orders.is_cancelled) as taken_back_orders,
        count(*) filter (where orders.currency <> currencies.currency) as foreign_orders,
        sum(case when orders.currency = currencies.currency then orders.net_revenue_amount else 0 end) as our_amount,
        sum(
            case
                when orders.currency <> currencies.currency then 0
                when orders.is_cancelled then orders.total_amount
                else orders.refunded_amount
            end
        ) as taken_back_amount
    from {{ ref('orders') }} as orders
    inner join currencies on orders.source = currencies.source
    group by orders.source, currencies.currency, coalesce(orders.customer_id, orders.order_id)

),

united as (

    select
        coalesce(ours.source, stated.source) as source,
        coalesce(ours.currency, stated.currency) as currency,
        coalesce(ours.buyer_id, stated.buyer_id) as buyer_id,
        stated.buyer_id is not null as has_account,
        coalesce(ours.our_orders, 0) as our_orders,
        coalesce(ours.our_amount, 0) as our_amount,
        coalesce(stated.stated_orders, 0) - coalesce(ours.our_orders, 0) as lacking_orders,
        coalesce(stated.stated_amount, 0) - coalesce(ours.our_amount, 0) as lacking_amount,
        coalesce(ours.taken_back_orders, 0) as taken_back_orders,
        coalesce(ours.taken_back_amount, 0) as taken_back_amount,
        coalesce(ours.foreign_orders, 0) as foreign_orders
    from ours
    full outer join stated on ours.source = stated.source and ours.buyer_id = stated.buyer_id

),

-- what an account states beyond what we have of it: first what was taken back, or paid in another currency
explained as (

    select
        *,
        case when lacking_orders > 0 then least(lacking_orders, taken_back_orders) else 0 end as cancelled_orders,
        case
            when lacking_amount > 0 and foreign_orders = 0 then least(lacking_amount, taken_back_amount) else 0
        end as cancelled_amount,
        case when lacking_amount > 0 and foreign_orders > 0 then lacking_amount else 0 end as foreign_amount
    from united

),

final as (

    select
        source,
        currency,
        buyer_id,
        has_account,
        our_orders,
        our_amount,
        lacking_orders,
        lacking_amount,
        cancelled_orders,
        cancelled_amount,
        foreign_amount,
        greatest(lacking_orders - cancelled_orders, 0) as missing_orders,
        greatest(lacking_amount - cancelled_amount - foreign_amount, 0) as missing_amount
    from explained

)

select * from final
