with

orders as (

    select * from {{ ref('orders') }}

),

-- a list of people is named after its source and table, or is one of several tables, such as mailchimp_members
lists as (

    select distinct
        source,
        source || '_' || table_name as list
    from {{ source('raw', 'control_totals') }}
    where measure = 'customers'

),

people as (

    select
        records.source as list,
        count(*) as record_count,
        count(distinct clusters.customer_id) as customer_count
    from {{ ref('int_identity__records') }} as records
    inner join {{ source('identity', 'identity_clusters') }} as clusters on records.record_id = clusters.record_id
    group by records.source

),

totals as (

    select
        coalesce(
            lists.source, {{ regex_extract('people.list', '^(.+)_(?:customers|contacts|members|profiles|people)$') }}
        ) as source,
        'customers' as measure,
        '' as currency,
        people.customer_count as total,
        people.record_count - people.customer_count as set_aside
    from people
    left join lists on people.list = lists.list
    union all
    select
        source,
        'orders' as measure,
        '' as currency,
        count(*) filter (where is_purchase) as total,
        count(*) filter (where not is_purchase) as set_aside
    from orders
    group by source
    union all
    select
        source,
        'revenue' as measure,
        currency,
        sum(net_revenue_amount) as total,
        sum(case when is_cancelled then total_amount - refunded_amount else 0 end) as set_aside
    from orders
    group by source, currency
    union all
    select
        orders.source,
        'units' as measure,
        '' as currency,
        sum(case when lines.is_purchase then lines.quantity else 0 end) as total,
        sum(case when orders.is_purchase then 0 else lines.quantity end) as set_aside
    from {{ ref('order_items') }} as lines
    inner join orders on lines.order_id = orders.order_id
    group by orders.source
    union all
    select
        'zendesk' as source,
        'tickets' as measure,
        '' as currency,
        count(*) as total,
        0 as set_aside
    from {{ ref('support_tickets') }}
    union all
    select
        'segment' as source,
        'events' as measure,
        '' as currency,
        count(*) as total,
        0 as set_aside
    from {{ ref('events') }}
    union all
    select
        platform as source,
        'spend' as measure,
        currency,
        sum(spend_amount) as total,
        0 as set_aside
    from {{ ref('ad_spend') }}
    group by platform, currency

),

final as (

    select
        source,
        measure,
        currency,
        cast(sum(total) as decimal(28, 4)) as total,
        cast(sum(set_aside) as decimal(28, 4)) as set_aside
    from totals
    where source is not null
    group by source, measure, currency

)

select * from final
