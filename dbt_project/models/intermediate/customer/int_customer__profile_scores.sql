{%- set wanted = var('completeness_attributes') -%}

with

current_values as (

    select * from {{ ref('customer_attributes') }}
    where is_current

),

customers as (

    select * from {{ ref('int_customer__golden_records') }}

),

agreements as (

    select
        customer_id,
        -- decimals add up to the same sum in any order
        avg(cast(agreement as decimal(9, 6))) as agreement,
        count(*) filter (where {{ is_one_of('attribute', wanted) }}) as known_count
    from current_values
    group by customer_id

),

scores as (

    select
        customers.customer_id,
        coalesce(agreements.known_count, 0) / {{ wanted | length }}.0 as completeness,
        customers.confidence * coalesce(agreements.agreement, 1) as profile_confidence
    from customers
    left join agreements on customers.customer_id = agreements.customer_id

)

select * from scores
