-- Amounts by the values of a dimension add up to the metric of the day; returns the days where not. People are not
-- added, and segments overlap.
with

added as (

    select
        metric,
        metric_date,
        dimension,
        sum(numerator) as numerator
    from {{ ref('metrics_by_dimension') }}
    where metric in ('revenue', 'orders', 'average_order_value') and dimension <> 'segment'
    group by metric, metric_date, dimension

),

expected as (

    select * from {{ ref('metrics_daily') }}

)

select
    added.metric,
    added.metric_date,
    added.dimension,
    added.numerator,
    expected.numerator as expected_numerator
from added
left join expected on added.metric = expected.metric and added.metric_date = expected.metric_date
where expected.numerator is null or round(added.numerator, 2) <> round(expected.numerator, 2)
