with

golden as (

    select * from {{ ref('int_customer__golden_records') }}

),

final as (

    select
        customer_id,
        confidence,
        coalesce(confidence >= {{ var('strict_identity_confidence') }}, false) as is_strict
    from golden

)

select * from final
