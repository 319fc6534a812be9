with

customers as (

    select * from {{ ref('int_behaviour__customers') }}
    where is_now

),

-- one person may hold several cards: the one with most points speaks for them; what it was in the past nobody keeps
loyalty as (

    select
        clusters.customer_id,
        max_by(members.tier, coalesce(members.points, 0)) as loyalty_tier,
        sum(members.points) as loyalty_points
    from {{ ref('stg_loyalty__members') }} as members
    inner join {{ source('identity', 'identity_clusters') }} as clusters on members.record_id = clusters.record_id
    group by clusters.customer_id

),

final as (

    select
        cast(customers.customer_id as varchar) as customer_id,
        cast(customers.as_of_at as timestamp) as as_of_at,
        cast(customers.lifecycle_stage as varchar) as lifecycle_stage,
        cast(customers.usual_gap_days as double) as usual_gap_days,
        cast(customers.is_own_rhythm as boolean) as is_own_rhythm,
        cast(customers.order_count as integer) as order_count,
        cast(customers.total_spend_amount as decimal(18, 2)) as total_spend_amount,
        cast(customers.first_order_at as timestamp) as first_order_at,
        cast(customers.last_order_at as timestamp) as last_order_at,
        cast(customers.recency_days as integer) as recency_days,
        cast(customers.recency_score as integer) as recency_score,
        cast(customers.frequency_score as integer) as frequency_score,
        cast(customers.monetary_score as integer) as monetary_score,
        cast(customers.rfm_score as varchar) as rfm_score,
        cast(customers.rfm_group as varchar) as rfm_group,
        cast(customers.preferred_category as varchar) as preferred_category,
        cast(customers.preferred_category_affinity as double) as preferred_category_affinity,
        cast(customers.discounted_order_share as double) as discounted_order_share,
        cast(customers.discount_share as double) as discount_share,
        cast(customers.price_sensitivity as double) as price_sensitivity,
        cast(customers.engagement_score as integer) as engagement_score,
        cast(customers.visit_count as integer) as visit_count,
        cast(customers.opened_campaign_count as integer) as opened_campaign_count,
        cast(customers.clicked_campaign_count as integer) as clicked_campaign_count,
        cast(customers.recent_order_count as integer) as recent_order_count,
        cast(customers.feedback_count as integer) as feedback_count,
        cast(customers.ticket_count as integer) as ticket_count,
        cast(customers.open_ticket_count as integer) as open_ticket_count,
        cast(customers.mean_resolution_hours as double) as mean_resolution_hours,
        cast(customers.newest_nps_score as integer) as newest_nps_score,
        cast(customers.mean_csat_score as double) as mean_csat_score,
        cast(customers.mean_review_rating as double) as mean_review_rating,
        cast(customers.service_experience as varchar) as service_experience,
        cast(loyalty.loyalty_tier as varchar) as loyalty_tier,
        cast(loyalty.loyalty_points as integer) as loyalty_points,
        cast('{{ var("shop_currency") }}' as varchar) as currency
    from customers
    left join loyalty on customers.customer_id = loyalty.customer_id

)

select * from final
