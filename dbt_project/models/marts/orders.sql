with

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

sold as (

    select * from {{ ref('int_orders__united') }}

),

rates as (

    select * from {{ ref('int_orders__exchange_rates') }}

),

owned as (

    select
        sold.*,
        clusters.customer_id,
        coalesce(sold.currency, '{{ var("shop_currency") }}') as original_currency,
        -- without a declared rate the amounts stay out of every sum, and a test says how many
        case
            when coalesce(sold.currency, '{{ var("shop_currency") }}') = '{{ var("shop_currency") }}' then 1
            else rates.rate
        end as exchange_rate,
        {{ marts_net_revenue(
            'sold.is_cancelled', 'sold.total_amount', 'sold.refunded_amount', 'sold.gift_card_amount'
        ) }} as original_net_revenue_amount,
        not sold.is_cancelled and not sold.is_return as is_purchase
    from sold
    left join clusters on sold.record_id = clusters.record_id
    left join rates
        on
            sold.currency = rates.currency
            and sold.ordered_at >= rates.valid_from_at
            and sold.ordered_at < rates.valid_until_at

),

numbered as (

    select
        *,
        case
            when is_purchase and customer_id is not null
                then row_number() over (partition by customer_id, is_purchase order by ordered_at, order_id)
        end as customer_order_number,
        case
            when is_purchase and customer_id is not null
                then lag(ordered_at) over (partition by customer_id, is_purchase order by ordered_at, order_id)
        end as previous_ordered_at
    from owned

),

final as (

    select
        cast(order_id as varchar) as order_id,
        cast(customer_id as varchar) as customer_id,
        cast(record_id as varchar) as record_id,
        cast(order_name as varchar) as order_name,
        cast(source as varchar) as source,
        cast(sales_channel as varchar) as sales_channel,
        cast(store_name as varchar) as store_name,
        cast(ordered_at as timestamp) as ordered_at,
        cast(ordered_at as date) as order_date,
        cast(cancelled_at as timestamp) as cancelled_at,
        cast(financial_status as varchar) as financial_status,
        cast(is_cancelled as boolean) as is_cancelled,
        cast(is_return as boolean) as is_return,
        cast(is_purchase as boolean) as is_purchase,
        cast('{{ var("shop_currency") }}' as varchar) as currency,
        cast(subtotal_amount * exchange_rate as decimal(18, 2)) as subtotal_amount,
        cast(discount_amount * exchange_rate as decimal(18, 2)) as discount_amount,
        cast(shipping_amount * exchange_rate as decimal(18, 2)) as shipping_amount,
        cast(tax_amount * exchange_rate as decimal(18, 2)) as tax_amount,
        cast(total_amount * exchange_rate as decimal(18, 2)) as total_amount,
        cast(refunded_amount * exchange_rate as decimal(18, 2)) as refunded_amount,
        cast(gift_card_amount * exchange_rate as decimal(18, 2)) as gift_card_amount,
        cast(original_net_revenue_amount * exchange_rate as decimal(18, 2)) as net_revenue_amount,
        cast(original_currency as varchar) as original_currency,
        cast(total_amount as decimal(18, 2)) as original_total_amount,
        cast(refunded_amount as decimal(18, 2)) as original_refunded_amount,
        cast(exchange_rate as decimal(18, 8)) as exchange_rate,
        cast(item_count as integer) as item_count,
        cast(customer_order_number as integer) as customer_order_number,
        cast(previous_ordered_at as timestamp) as previous_ordered_at,
        cast(discount_code as varchar) as discount_code,
        cast(utm_source as varchar) as utm_source,
        cast(utm_medium as varchar) as utm_medium,
        cast(utm_campaign as varchar) as utm_campaign,
        cast(shipping_country as varchar) as shipping_country
    from numbered

)

select * from final
