{%- set reasons = [
    ('guest orders', 'without_account'),
    ('cancelled or refunded', '-cancelled'),
    ('currency', '-in_other_currency'),
    ('rejected rows', '-could_be_rejected')
] -%}

with

rejected as (

    select
        source,
        measure,
        max(rows_rejected) as rejected_count
    from {{ source('raw', 'control_totals') }}
    where not is_stated
    group by source, measure

),

largest_orders as (

    select
        source,
        max(total_amount) as largest_amount
    from {{ ref('orders') }}
    group by source

),

-- a rejected row may be an order that we lack, and no order is taken for larger than the largest
stated as (

    select
        differences.*,
        least(
            differences.missing,
            coalesce(rejected.rejected_count, 0)
            * case differences.measure when 'revenue' then coalesce(largest_orders.largest_amount, 0) else 1 end
        ) as could_be_rejected
    from {{ ref('int_reconciliation__stated_differences') }} as differences
    left join rejected on differences.source = rejected.source and differences.measure = rejected.measure
    left join largest_orders on differences.source = largest_orders.source

),

explanations as (

    select
        source,
        measure,
        currency,
        'delivered' as compared_with,
        case measure when 'customers' then 'duplicates united' else 'cancelled or refunded' end as class,
        -set_aside as amount
    from {{ ref('int_reconciliation__our_totals') }}
    {%- for class, amount in reasons %}
    union all
    select
        source,
        measure,
        currency,
        'stated' as compared_with,
        '{{ class }}' as class,
        {{ amount }} as amount
    from stated
    {%- endfor %}

),

final as (

    select
        source,
        measure,
        currency,
        compared_with,
        class,
        cast(amount as decimal(28, 4)) as amount
    from explanations
    where amount <> 0

)

select * from final
