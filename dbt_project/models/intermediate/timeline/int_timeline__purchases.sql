with

ordered as (

    select
        customer_id,
        ordered_at as occurred_at,
        case when sales_channel = 'web' then 'web' else 'store' end as channel,
        case when is_return then 'return' when is_cancelled then 'cancelled_order' else 'order' end as interaction,
        case
            when is_return then 'Brought goods back for ' || {{ marts_money_text('refunded_amount', 'currency') }}
            else
                case when is_cancelled then 'Placed and cancelled an order of ' else 'Bought ' end
                || {{ marts_count_text('item_count', 'item') }} || ' for '
                || {{ marts_money_text('total_amount', 'currency') }}
        end
        || case when sales_channel = 'web' then ' in the web shop' else ' in the store' end
        || ' (' || order_name || ')'
        || case
            when refunded_amount > 0 and not is_return
                then ', of which ' || {{ marts_money_text('refunded_amount', 'currency') }} || ' was refunded'
            else ''
        end
        || '.' as sentence,
        net_revenue_amount as amount,
        currency,
        'orders' as source_table,
        order_id as source_id
    from {{ ref('orders') }}

),

left_carts as (

    select
        customer_id,
        started_at as occurred_at,
        'web' as channel,
        'cart' as interaction,
        'Left a cart of ' || {{ marts_money_text('total_amount', 'currency') }}
        || coalesce(' with ' || product_names, '')
        || case when is_recovered then ' and came back for it.' else '.' end as sentence,
        total_amount as amount,
        currency,
        'carts' as source_table,
        cart_id as source_id
    from {{ ref('carts') }}

),

opened_deals as (

    select
        customer_id,
        created_at as occurred_at,
        'sales' as channel,
        'deal_opened' as interaction,
        'A deal was opened:' || {{ marts_quoted('deal_name') }}
        || coalesce(' over ' || {{ marts_money_text('amount', 'currency') }}, '') || '.' as sentence,
        amount,
        currency,
        'deals' as source_table,
        deal_id as source_id
    from {{ ref('deals') }}

),

closed_deals as (

    select
        customer_id,
        closed_at as occurred_at,
        'sales' as channel,
        case when is_won then 'deal_won' else 'deal_lost' end as interaction,
        'The deal' || {{ marts_quoted('deal_name') }}
        || case when is_won then ' was won' else ' was lost' || coalesce(': ' || closed_lost_reason, '') end
        || '.' as sentence,
        amount,
        currency,
        'deals' as source_table,
        deal_id as source_id
    from {{ ref('deals') }}
    where (is_won or is_lost) and closed_at is not null

),

purchases as (

    select * from ordered
    union all
    select * from left_carts
    union all
    select * from opened_deals
    union all
    select * from closed_deals

)

select * from purchases
