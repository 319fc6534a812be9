{#-
    All figures of customers' behaviour at some moments, side by side; one row per moment and customer known then.

    `moments` completes `as_of_at …`. Every table is cut to these moments before it is joined: the engine does not carry
    the condition over to the right side of a left join, and all moments at once do not fit into its memory.
-#}
{% macro marts_behaviour_at(moments) -%}
{%- set on_customer = 'known.as_of_at = {0}.as_of_at and known.customer_id = {0}.customer_id' -%}
{%- set tables = {
    'purchases': 'int_behaviour__purchases', 'lifecycles': 'int_behaviour__lifecycles', 'rfm': 'int_behaviour__rfm',
    'favourites': 'int_behaviour__category_affinities', 'prices': 'int_behaviour__prices',
    'engagements': 'int_behaviour__engagements', 'services': 'int_behaviour__services',
} -%}
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
from (select * from {{ ref('int_behaviour__known_customers') }} where as_of_at {{ moments }}) as known
{%- for name, model in tables.items() %}
left join (
    select * from {{ ref(model) }}
    where as_of_at {{ moments }}{{ ' and affinity_rank = 1' if name == 'favourites' }}
) as {{ name }}
    on {{ on_customer.format(name) }}
{%- endfor %}
{%- endmacro %}
