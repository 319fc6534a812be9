with

worded as (

    select
        *,
        'Brought goods back for ' || {{ marts_money_text('original_refunded_amount', 'original_currency') }}
            as returned_words,
        'Placed and cancelled an order of ' || {{ marts_count_text('item_count', 'item') }} || ' for '
        || {{ marts_money_text('original_total_amount', 'original_currency') }} as cancelled_words,
        'Bought ' || {{ marts_count_text('item_count', 'item') }} || ' for '
        || {{ marts_money_text('original_total_amount', 'original_currency') }} as bought_words,
        ', of which ' || {{ marts_money_text('original_refunded_amount', 'original_currency') }} || ' was refunded'
            as refunded_words,
        ' in the store' || coalesce(' ' || store_name, '') as store_words
    from {{ ref('orders') }}

),

ordered as (

    select
        customer_id,
        ordered_at as occurred_at,
        case when sales_channel = 'web' then 'web' else 'store' end as channel,
        case when is_return then 'return' when is_cancelled then 'cancelled_order' else 'order' end as interaction,
        case when is_return then returned_words when is_cancelled then cancelled_words else bought_words end
        || case when sales_channel = 'web' then ' in the web shop' else store_words end
        || ' (' || order_name || ')'
        || case when original_refunded_amount > 0 and not is_return then refunded_words else '' end
        || '.' as sentence,
        net_revenue_amount as amount,
        currency,
        source,
        'orders' as source_table,
        order_id as source_id
    from worded

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
        'shopify' as source,
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
        'hubspot' as source,
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
        'hubspot' as source,
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
