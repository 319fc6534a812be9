with

attribution as (

    select * from {{ ref('attribution') }}

),

orders as (

    select * from {{ ref('orders') }}

),

spend as (

    select
        {{ dbt.date_trunc('month', 'spend_date') }} as month_start_date,
        {{ spend_channel('platform', 'campaign_type') }} as channel,
        currency,
        sum(spend_amount) as spend_amount
    from {{ ref('ad_spend') }}
    group by 1, 2, 3

),

credited as (

    select
        {{ dbt.date_trunc('month', 'attribution.order_date') }} as month_start_date,
        attribution.attribution_model,
        attribution.channel,
        attribution.currency,
        sum(attribution.revenue_amount) as revenue_amount,
        sum(attribution.share) as order_count,
        sum(case when orders.customer_order_number = 1 then attribution.share else 0 end) as new_customer_count
    from attribution
    inner join orders on attribution.order_id = orders.order_id
    group by 1, 2, 3, 4

),

attribution_models as (

    select distinct attribution_model from attribution

),

spent as (

    select
        attribution_models.attribution_model,
        spend.*
    from spend
    cross join attribution_models

),

joined as (

    select
        coalesce(credited.month_start_date, spent.month_start_date) as month_start_date,
        coalesce(credited.attribution_model, spent.attribution_model) as attribution_model,
        coalesce(credited.channel, spent.channel) as channel,
        coalesce(credited.currency, spent.currency) as currency,
        coalesce(credited.revenue_amount, 0) as revenue_amount,
        coalesce(credited.order_count, 0) as order_count,
        coalesce(credited.new_customer_count, 0) as new_customer_count,
        coalesce(spent.spend_amount, 0) as spend_amount
    from credited
    full outer join spent
        on
            credited.month_start_date = spent.month_start_date
            and credited.attribution_model = spent.attribution_model
            and credited.channel = spent.channel
            and credited.currency = spent.currency

),

final as (

    select
        *,
        case when spend_amount > 0 then cast(revenue_amount as double) / spend_amount end as return_on_ad_spend,
        case when spend_amount > 0 then (cast(revenue_amount as double) - spend_amount) / spend_amount end
            as marketing_roi,
        case when new_customer_count > 0 and spend_amount > 0 then spend_amount / new_customer_count end
            as acquisition_cost_amount
    from joined

)

select * from final
