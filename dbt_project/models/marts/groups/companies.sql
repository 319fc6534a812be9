with

members as (

    select * from {{ ref('company_members') }}

),

customers as (

    select * from {{ ref('customers') }}

),

deals as (

    select
        customer_id,
        count(*) as deal_count,
        sum(case when is_won then amount else 0 end) as won_amount,
        sum(case when not is_won and not is_lost then amount else 0 end) as open_amount
    from {{ ref('deals') }}
    where customer_id is not null
    group by customer_id

),

final as (

    select
        members.company_id,
        min(customers.company) as company_name,
        count(*) as member_count,
        sum(customers.order_count) as order_count,
        sum(customers.total_spend_amount) as total_spend_amount,
        min(customers.currency) as currency,
        max(customers.last_order_at) as last_order_at,
        coalesce(sum(deals.deal_count), 0) as deal_count,
        coalesce(sum(deals.won_amount), 0) as won_amount,
        coalesce(sum(deals.open_amount), 0) as open_amount
    from members
    inner join customers on members.customer_id = customers.customer_id
    left join deals on members.customer_id = deals.customer_id
    group by members.company_id

)

select * from final
