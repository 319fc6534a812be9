{%- set on_customer = 'known.as_of_at = {0}.as_of_at and known.customer_id = {0}.customer_id' -%}

with

known as (

    select * from {{ ref('int_behaviour__known_customers') }}

),

purchases as (

    select * from {{ ref('int_behaviour__purchases') }}

),

favourites as (

    select * from {{ ref('int_behaviour__category_affinities') }}
    where affinity_rank = 1

),

joined as (

    select
        known.as_of_at,
        known.is_now,
        known.customer_id,
        coalesce(lifecycles.lifecycle_stage, 'lead') as lifecycle_stage,
        lifecycles.usual_gap_days,
        lifecycles.is_own_rhythm,
        coalesce(purchases.order_count, 0) as order_count,
        coalesce(purchases.total_spend_amount, 0) as total_spend_amount,
        purchases.first_order_at,
        purchases.last_order_at,
        rfm.recency_days,
        rfm.recency_score,
        rfm.frequency_score,
        rfm.monetary_score,
        rfm.rfm_score,
        rfm.rfm_group,
        favourites.category as preferred_category,
        favourites.affinity as preferred_category_affinity,
        purchases.discounted_order_count / nullif(cast(purchases.order_count as double), 0) as discounted_order_share,
        purchases.discount_amount / nullif(cast(purchases.subtotal_amount + purchases.discount_amount as double), 0)
            as discount_share,
        prices.price_sensitivity,
        coalesce(engagements.engagement_score, 0) as engagement_score,
        coalesce(engagements.visit_count, 0) as visit_count,
        coalesce(engagements.opened_campaign_count, 0) as opened_campaign_count,
        coalesce(engagements.clicked_campaign_count, 0) as clicked_campaign_count,
        coalesce(engagements.recent_order_count, 0) as recent_order_count,
        coalesce(engagements.feedback_count, 0) as feedback_count,
        coalesce(services.ticket_count, 0) as ticket_count,
        coalesce(services.open_ticket_count, 0) as open_ticket_count,
        services.mean_resolution_hours,
        services.newest_nps_score,
        services.mean_csat_score,
        services.mean_review_rating,
        services.service_experience
    from known
    left join purchases on {{ on_customer.format('purchases') }}
    left join {{ ref('int_behaviour__lifecycles') }} as lifecycles on {{ on_customer.format('lifecycles') }}
    left join {{ ref('int_behaviour__rfm') }} as rfm on {{ on_customer.format('rfm') }}
    left join favourites on {{ on_customer.format('favourites') }}
    left join {{ ref('int_behaviour__prices') }} as prices on {{ on_customer.format('prices') }}
    left join {{ ref('int_behaviour__engagements') }} as engagements on {{ on_customer.format('engagements') }}
    left join {{ ref('int_behaviour__services') }} as services on {{ on_customer.format('services') }}

)

select * from joined
