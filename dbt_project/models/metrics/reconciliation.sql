with

-- counts have no currency, and an amount without one is in the shop's
figures as (

    select
        source,
        measure,
        case
            when measure in ('revenue', 'spend') then coalesce(currency, '{{ var("shop_currency", "GBP") }}') else ''
        end as currency,
        case when is_stated then 'stated' else 'delivered' end as compared_with,
        total
    from {{ source('raw', 'control_totals') }}

),

theirs as (

    select
        source,
        measure,
        currency,
        compared_with,
        sum(total) as total
    from figures
    group by source, measure, currency, compared_with

),

ours as (

    select * from {{ ref('int_reconciliation__our_totals') }}

),

-- a source that was only staged has no figure of ours to compare with
known as (

    select distinct
        source,
        measure
    from ours

),

explained as (

    select
        source,
        measure,
        currency,
        compared_with,
        sum(amount) as amount,
        max_by(class, abs(amount)) as class,
        {{ dbt.listagg("class || ' ' || cast(cast(amount as decimal(18, 2)) as varchar)", "', '", 'order by class') }}
            as explanation
    from {{ ref('int_reconciliation__explanations') }}
    group by source, measure, currency, compared_with

),

compared as (

    select
        theirs.source,
        theirs.measure,
        theirs.currency,
        theirs.compared_with,
        theirs.total as their_total,
        coalesce(ours.total, 0) as our_total,
        coalesce(ours.total, 0) - theirs.total as difference,
        coalesce(explained.amount, 0) as explained_difference,
        case when known.source is null then 'not in the marts' else explained.class end as class,
        explained.explanation,
        coalesce(differences.not_attributed, 0) as not_attributed
    from theirs
    left join ours
        on theirs.source = ours.source and theirs.measure = ours.measure and theirs.currency = ours.currency
    left join known on theirs.source = known.source and theirs.measure = known.measure
    left join explained
        on
            theirs.source = explained.source
            and theirs.measure = explained.measure
            and theirs.currency = explained.currency
            and theirs.compared_with = explained.compared_with
    left join {{ ref('int_reconciliation__stated_differences') }} as differences
        on
            theirs.source = differences.source
            and theirs.measure = differences.measure
            and theirs.currency = differences.currency
            and theirs.compared_with = 'stated'

),

final as (

    select
        source,
        measure,
        nullif(currency, '') as currency,
        compared_with,
        their_total,
        our_total,
        difference,
        difference / nullif(cast(abs(their_total) as double), 0) as difference_share,
        difference - explained_difference as unexplained_difference,
        case
            when class = 'not in the marts' then class
            when abs(difference - explained_difference) > {{ var('reconciliation_tolerance') }} * abs(their_total)
                then 'unexplained'
            else coalesce(class, 'equal')
        end as class,
        explanation,
        not_attributed
    from compared

)

select * from final
