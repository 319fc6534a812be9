with

-- several orders of one day are one visit to the shop; the day is the shop's
purchase_days as (

    select distinct
        as_of_at,
        customer_id,
        cast({{ utc_to_local('ordered_at', var('shop_time_zone')) }} as date) as purchase_date
    from {{ ref('int_behaviour__orders') }}
    where was_purchase

),

followed as (

    select
        *,
        lag(purchase_date) over (partition by as_of_at, customer_id order by purchase_date) as previous_date
    from purchase_days

),

gaps as (

    select
        as_of_at,
        customer_id,
        purchase_date,
        {{ dbt.datediff('previous_date', 'purchase_date', 'day') }} as gap_days
    from followed

),

rhythms as (

    select
        as_of_at,
        customer_id,
        count(*) as purchase_day_count,
        max_by(gap_days, purchase_date) as newest_gap_days,
        case when count(gap_days) >= 2 then median(gap_days) end as median_gap_days
    from gaps
    group by as_of_at, customer_id

),

limited as (

    select
        as_of_at,
        customer_id,
        purchase_day_count,
        newest_gap_days,
        median_gap_days is not null as is_own_rhythm,
        cast(case
            when median_gap_days is null then {{ var('lifecycle_usual_gap_days') }}
            when median_gap_days < {{ var('lifecycle_gap_limits')[0] }} then {{ var('lifecycle_gap_limits')[0] }}
            when median_gap_days > {{ var('lifecycle_gap_limits')[1] }} then {{ var('lifecycle_gap_limits')[1] }}
            else median_gap_days
        end as double) as usual_gap_days
    from rhythms

)

select * from limited
