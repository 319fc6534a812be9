with

acquisitions as (

    select * from {{ ref('customer_acquisitions') }}

),

orders as (

    select * from {{ ref('orders') }}
    where is_purchase and customer_id is not null

),

cohorts as (

    select
        cohort_month_date,
        acquisition_channel,
        count(*) as cohort_size
    from acquisitions
    group by cohort_month_date, acquisition_channel

),

dated as (

    select
        acquisitions.cohort_month_date,
        acquisitions.acquisition_channel,
        {{ dbt.datediff('acquisitions.cohort_month_date', 'orders.order_date', 'month') }} as months_since,
        orders.customer_id,
        orders.net_revenue_amount
    from acquisitions
    inner join orders on acquisitions.customer_id = orders.customer_id

),

bought as (

    select
        cohort_month_date,
        acquisition_channel,
        months_since,
        count(distinct customer_id) as active_count,
        count(*) as order_count,
        sum(net_revenue_amount) as revenue_amount
    from dated
    group by cohort_month_date, acquisition_channel, months_since

),

-- a month in which nobody of a cohort bought is a row too: it is the very thing to see
months as (

    select distinct months_since from bought

),

spread as (

    select
        cohorts.*,
        months.months_since
    from cohorts
    cross join months
    where
        {{ dbt.dateadd('month', 'months.months_since', 'cohorts.cohort_month_date') }}
        <= cast({{ as_of() }} as date)

),

joined as (

    select
        spread.cohort_month_date,
        spread.acquisition_channel,
        spread.months_since,
        spread.cohort_size,
        coalesce(bought.active_count, 0) as active_count,
        coalesce(bought.order_count, 0) as order_count,
        coalesce(bought.revenue_amount, 0) as revenue_amount
    from spread
    left join bought
        on
            spread.cohort_month_date = bought.cohort_month_date
            and spread.acquisition_channel = bought.acquisition_channel
            and spread.months_since = bought.months_since

),

final as (

    select
        *,
        cast(active_count as double) / cohort_size as retention_rate,
        sum(revenue_amount) over (
            partition by cohort_month_date, acquisition_channel order by months_since
            rows between unbounded preceding and current row
        ) as revenue_so_far_amount,
        -- the month is over: what it shows will not change by waiting
        {{ dbt.dateadd('month', 'months_since + 1', 'cohort_month_date') }}
        <= cast({{ as_of() }} as date) as is_complete
    from joined

)

select * from final
