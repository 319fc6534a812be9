-- Every purchase is credited once and wholly by every attribution model; returns the purchases and models where not.
with

credited as (

    select
        attribution_model,
        order_id,
        sum(revenue_amount) as revenue_amount,
        sum(share) as share
    from {{ ref('attribution') }}
    group by attribution_model, order_id

),

attribution_models as (

    select distinct attribution_model from credited

),

expected as (

    select
        attribution_models.attribution_model,
        orders.order_id,
        orders.net_revenue_amount
    from {{ ref('orders') }} as orders
    cross join attribution_models
    where orders.is_purchase

)

select
    expected.attribution_model,
    expected.order_id
from expected
left join credited
    on expected.attribution_model = credited.attribution_model and expected.order_id = credited.order_id
where
    credited.order_id is null
    or credited.revenue_amount <> expected.net_revenue_amount
    or abs(credited.share - 1) > 0.000001
