{%- set month_ends = 'select as_of_at from ' ~ ref('int_behaviour__dates') ~ ' where not is_now' -%}

with

customers as (

    {{ marts_behaviour_at('in ' ~ each_part(month_ends)) }}

),

final as (

    select
        cast(customer_id as varchar) as customer_id,
        cast(as_of_at as date) as month_end_date,
        cast(lifecycle_stage as varchar) as lifecycle_stage,
        cast(usual_gap_days as double) as usual_gap_days,
        cast(is_own_rhythm as boolean) as is_own_rhythm,
        cast(order_count as integer) as order_count,
        cast(total_spend_amount as decimal(18, 2)) as total_spend_amount,
        cast(first_order_at as timestamp) as first_order_at,
        cast(last_order_at as timestamp) as last_order_at,
        cast(recency_days as integer) as recency_days,
        cast(recency_score as integer) as recency_score,
        cast(frequency_score as integer) as frequency_score,
        cast(monetary_score as integer) as monetary_score,
        cast(rfm_score as varchar) as rfm_score,
        cast(rfm_group as varchar) as rfm_group,
        cast(preferred_category as varchar) as preferred_category,
        cast(preferred_category_affinity as double) as preferred_category_affinity,
        cast(discounted_order_share as double) as discounted_order_share,
        cast(discount_share as double) as discount_share,
        cast(price_sensitivity as double) as price_sensitivity,
        cast(engagement_score as integer) as engagement_score,
        cast(visit_count as integer) as visit_count,
        cast(opened_campaign_count as integer) as opened_campaign_count,
        cast(clicked_campaign_count as integer) as clicked_campaign_count,
        cast(recent_order_count as integer) as recent_order_count,
        cast(feedback_count as integer) as feedback_count,
        cast(ticket_count as integer) as ticket_count,
        cast(open_ticket_count as integer) as open_ticket_count,
        cast(mean_resolution_hours as double) as mean_resolution_hours,
        cast(newest_nps_score as integer) as newest_nps_score,
        cast(mean_csat_score as double) as mean_csat_score,
        cast(mean_review_rating as double) as mean_review_rating,
        cast(service_experience as varchar) as service_experience,
        cast('{{ var("shop_currency") }}' as varchar) as currency
    from customers

)

select * from final
