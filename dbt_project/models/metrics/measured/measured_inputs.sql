with

inputs as (

    select
        cast(month || '-01' as date) as month_start_date,
        input,
        cast(amount as double) as amount
    from {{ ref('owner_inputs') }}

),

-- a month's figure, spread evenly over its days
days as (

    select
        spine.date_day as measured_on,
        inputs.input,
        inputs.amount / {{ dbt.datediff(
            'inputs.month_start_date', dbt.dateadd('month', 1, 'inputs.month_start_date'), 'day'
        ) }} as amount
    from inputs
    inner join {{ ref('time_spine') }} as spine
        on
            inputs.month_start_date <= spine.date_day
            and spine.date_day < {{ dbt.dateadd('month', 1, 'inputs.month_start_date') }}

),

supplied as (

    select
        {%- for input in marts_owner_inputs() %}
        sum(case when input = '{{ input }}' then amount end) as {{ input }},
        {%- endfor %}
        measured_on
    from days
    group by measured_on

),

sold as (

    select
        measured_on,
        sum(revenue) as revenue
    from {{ ref('measured_orders') }}
    group by measured_on

),

-- the goods' cost of a day is known when that of everything sold on it is
goods as (

    select
        measured_on,
        case when count(*) = count(item_cost) then sum(item_cost) end as goods_cost,
        count(*) as line_count
    from {{ ref('measured_items') }}
    group by measured_on

),

advertised as (

    select
        measured_on,
        sum(spend) as ad_spend
    from {{ ref('measured_ads') }}
    group by measured_on

),

joined as (

    select
        supplied.*,
        coalesce(sold.revenue, 0) as revenue,
        coalesce(advertised.ad_spend, 0) as ad_spend,
        coalesce(supplied.cost_of_goods, goods.goods_cost, case when goods.line_count is null then 0 end) as goods_cost
    from supplied
    left join sold on supplied.measured_on = sold.measured_on
    left join goods on supplied.measured_on = goods.measured_on
    left join advertised on supplied.measured_on = advertised.measured_on

),

final as (

    select
        *,
        revenue - goods_cost - ad_spend - operating_costs as profit
    from joined

)

select * from final
