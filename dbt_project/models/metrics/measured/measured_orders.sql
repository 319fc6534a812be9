{%- set paid_media = "'" ~ var("paid_media") | join("', '") ~ "'" -%}

with

orders as (

    select * from {{ ref('orders') }}

),

credited as (

    select
        order_id,
        channel
    from {{ ref('attribution') }}
    where attribution_model = 'last_non_direct' and share > 0

),

final as (

    select
        orders.order_id,
        orders.order_date as measured_on,
        orders.customer_id,
        orders.sales_channel as channel,
        orders.source,
        coalesce(orders.store_name, orders.sales_channel) as store,
        -- the order's own link, else the visit that it is credited to
        case
            when orders.utm_medium is not null
                then {{ marketing_channel('orders.utm_source', 'orders.utm_medium', 'cast(null as varchar)') }}
            else coalesce(credited.channel, case when orders.sales_channel = 'web' then 'direct' else 'store' end)
        end as marketing_channel,
        orders.shipping_country as country,
        orders.net_revenue_amount as revenue,
        orders.is_purchase,
        coalesce(lower(orders.utm_medium) in ({{ paid_media }}), false) as is_paid_media,
        orders.customer_order_number
    from orders
    left join credited on orders.order_id = credited.order_id

)

select * from final
