with

buyers as (

    select * from {{ ref('int_reconciliation__buyers') }}

),

missing as (

    select
        source,
        missing_orders,
        missing_amount,
        count(*) as account_count
    from buyers
    where has_account and (missing_orders > 0 or missing_amount > 0)
    group by source, missing_orders, missing_amount

),

guests as (

    select
        source,
        our_orders,
        our_amount,
        count(*) as guest_count
    from buyers
    where not has_account and our_orders > 0
    group by source, our_orders, our_amount

),

-- exactly as many orders and exactly as much money as an account lacks, at somebody without account: its orders
found as (

    select
        missing.source,
        sum(missing.missing_orders * least(missing.account_count, guests.guest_count)) as found_orders,
        sum(missing.missing_amount * least(missing.account_count, guests.guest_count)) as found_amount
    from missing
    inner join guests
        on
            missing.source = guests.source
            and missing.missing_orders = guests.our_orders
            and missing.missing_amount = guests.our_amount
    group by missing.source

),

summed as (

    select
        source,
        max(currency) as currency,
        sum(case when lacking_orders < 0 then -lacking_orders else 0 end) as beyond_orders,
        sum(case when lacking_amount < 0 then -lacking_amount else 0 end) as beyond_amount,
        sum(cancelled_orders) as cancelled_orders,
        sum(cancelled_amount) as cancelled_amount,
        sum(foreign_amount) as foreign_amount,
        sum(missing_orders) as missing_orders,
        sum(missing_amount) as missing_amount
    from buyers
    group by source

),

final as (

    select
        summed.source,
        'orders' as measure,
        '' as currency,
        coalesce(found.found_orders, 0) as not_attributed,
        summed.beyond_orders - coalesce(found.found_orders, 0) as without_account,
        summed.cancelled_orders as cancelled,
        0 as in_other_currency,
        summed.missing_orders - coalesce(found.found_orders, 0) as missing
    from summed
    left join found on summed.source = found.source
    union all
    select
        summed.source,
        'revenue' as measure,
        summed.currency,
        coalesce(found.found_amount, 0) as not_attributed,
        summed.beyond_amount - coalesce(found.found_amount, 0) as without_account,
        summed.cancelled_amount as cancelled,
        summed.foreign_amount as in_other_currency,
        summed.missing_amount - coalesce(found.found_amount, 0) as missing
    from summed
    left join found on summed.source = found.source

)

select * from final
