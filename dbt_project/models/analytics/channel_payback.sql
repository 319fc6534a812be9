with

spend as (

    select
        month_start_date,
        channel,
        sum(spend_amount) as spend_amount
    from {{ ref('channel_roi') }}
    where attribution_model = 'last_non_direct' and spend_amount > 0
    group by month_start_date, channel

),

cohorts as (

    select * from {{ ref('cohort_retention') }}

),

returned as (

    select
        spend.month_start_date,
        spend.channel,
        max(spend.spend_amount) as spend_amount,
        coalesce(max(cohorts.cohort_size), 0) as new_customer_count,
        coalesce(max(cohorts.revenue_so_far_amount), 0) as revenue_so_far_amount,
        min(case when cohorts.revenue_so_far_amount >= spend.spend_amount then cohorts.months_since end)
            as payback_months
    from spend
    left join cohorts
        on spend.month_start_date = cohorts.cohort_month_date and spend.channel = cohorts.acquisition_channel
    group by spend.month_start_date, spend.channel

),

final as (

    select
        *,
        spend_amount / nullif(new_customer_count, 0) as acquisition_cost_amount,
        cast(revenue_so_far_amount as double) / spend_amount as returned_share
    from returned

)

select * from final
