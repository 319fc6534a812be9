with

measures as (

    select * from {{ ref('int_measures__orders') }}
    union all
    select * from {{ ref('int_measures__marketing') }}
    union all
    select * from {{ ref('int_measures__service') }}

),

final as (

    select
        measured_on,
        measure,
        counted_id,
        cast(amount as decimal(18, 4)) as amount
    from measures
    where measured_on is not null and measured_on <= cast({{ as_of() }} as date)

)

select * from final
