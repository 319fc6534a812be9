with

segments as (

    select
        customer_id,
        {{ dbt.listagg('segment_name', "','", 'order by segment_name') }} as segments
    from {{ ref('segment_membership') }}
    where channel like '%email%' and not is_holdout
    group by customer_id

),

customers as (

    select * from {{ ref('customers') }}

),

final as (

    select
        customers.customer_id,
        customers.email,
        customers.first_name,
        customers.last_name,
        customers.country,
        customers.birthday,
        customers.lifecycle_stage,
        customers.total_spend_amount,
        customers.order_count,
        cast(segments.segments as varchar) as segments
    from segments
    inner join customers on segments.customer_id = customers.customer_id

)

select * from final
