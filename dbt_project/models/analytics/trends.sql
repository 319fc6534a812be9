{%- set today = 'cast(' ~ as_of() ~ ' as date)' -%}
{%- set weeks = 12 -%}

with

-- amounts that add up over days; people do not
days as (

    select
        measured_on,
        dimension,
        dimension_value,
        measure,
        value
    from {{ ref('int_measures__daily') }}
    where
        measure in ('revenue', 'purchases', 'item_revenue', 'units_sold', 'visits', 'clicked_emails', 'ad_clicks')
        and dimension in ('all', 'category', 'channel', 'store', 'marketing_channel', 'campaign')

),

-- whole weeks from Monday; the one that is not over says nothing yet
weekly as (

    select
        measure,
        dimension,
        dimension_value,
        cast({{ dbt.date_trunc('week', 'measured_on') }} as date) as week_start_date,
        sum(value) as value
    from days
    where measured_on < cast({{ dbt.date_trunc('week', dbt.dateadd('day', 1, today)) }} as date)
    group by measure, dimension, dimension_value, week_start_date

),

weeks as (

    select distinct cast({{ dbt.date_trunc('week', 'date_day') }} as date) as week_start_date
    from {{ ref('time_spine') }}
    where date_day < cast({{ dbt.date_trunc('week', dbt.dateadd('day', 1, today)) }} as date)

),

firsts as (

    select
        measure,
        dimension,
        dimension_value,
        min(week_start_date) as first_date
    from weekly
    group by measure, dimension, dimension_value

),

-- a week without anything is a week with 0
filled as (

    select
        firsts.measure,
        firsts.dimension,
        firsts.dimension_value,
        weeks.week_start_date,
        coalesce(weekly.value, 0) as value
    from firsts
    inner join weeks on firsts.first_date <= weeks.week_start_date
    left join weekly
        on
            firsts.measure = weekly.measure
            and firsts.dimension = weekly.dimension
            and firsts.dimension_value = weekly.dimension_value
            and weeks.week_start_date = weekly.week_start_date

),

compared as (

    select
        *,
        count(*) over before as weeks_before,
        avg(value) over before as usual_value,
        coalesce(stddev_samp(value) over before, 0) as usual_spread
    from filled
    window before as (
        partition by measure, dimension, dimension_value order by week_start_date
        rows between {{ weeks }} preceding and 1 preceding
    )

),

-- counts of things that happen by chance spread by the square root of their number, at least
scored as (

    select
        *,
        (value - usual_value) / greatest(usual_spread, sqrt(greatest(usual_value, 1))) as score,
        avg(value) over (
            partition by measure, dimension, dimension_value order by week_start_date
            rows between 3 preceding and current row
        ) as recent_value
    from compared

),

final as (

    select
        measure,
        dimension,
        dimension_value,
        week_start_date,
        value,
        usual_value,
        usual_spread,
        score,
        case
            when weeks_before < {{ weeks }} then 'too new to say'
            when score >= {{ var('surge_score') }} then 'surge'
            when score <= -{{ var('surge_score') }} then 'slump'
            when recent_value >= 1.25 * usual_value and recent_value - usual_value > usual_spread / 2 then 'rising'
            when recent_value <= 0.75 * usual_value and usual_value - recent_value > usual_spread / 2 then 'falling'
            else 'steady'
        end as verdict
    from scored

)

select * from final
