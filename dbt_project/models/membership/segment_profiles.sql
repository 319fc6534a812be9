{%- set averages = ['order_count', 'total_spend_amount', 'average_order_amount', 'days_since_order', 'days_known'] -%}
{%- set shares = [
    'is_email_contactable', 'is_ads_contactable', 'is_business', 'has_bought', 'has_bought_again', 'has_birthday'
] -%}
with

customers as (

    select
        *,
        {{ marts_days_ago('last_order_at') }} as days_since_order,
        {{ marts_days_ago('first_seen_at') }} as days_known,
        order_count > 0 as has_bought,
        order_count > 1 as has_bought_again,
        birthday is not null as has_birthday
    from {{ ref('customers') }}

),

members as (

    select
        segment_name,
        customer_id
    from {{ ref('segment_membership') }}

),

grouped as (

    select
        members.segment_name,
        {%- for name in averages %}
        avg(customers.{{ name }}) as {{ name }},
        {%- endfor %}
        {%- for name in shares %}
        avg(case when customers.{{ name }} then 1.0 else 0.0 end) as {{ name }},
        {%- endfor %}
        count(*) as member_count
    from members
    inner join customers on members.customer_id = customers.customer_id
    group by members.segment_name

),

everyone as (

    select
        {%- for name in averages %}
        avg({{ name }}) as {{ name }},
        {%- endfor %}
        {%- for name in shares %}
        avg(case when {{ name }} then 1.0 else 0.0 end) as {{ name }},
        {%- endfor %}
        count(*) as customer_count
    from customers

),

figures as (

    {%- for name in averages + shares %}
    select
        grouped.segment_name,
        '{{ name }}' as measure,
        '{{ "average" if name in averages else "share" }}' as kind,
        cast(grouped.{{ name }} as double) as segment_value,
        cast(everyone.{{ name }} as double) as everyone_value,
        grouped.member_count
    from grouped
    cross join everyone
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        segment_name,
        measure,
        kind,
        segment_value,
        everyone_value,
        case when everyone_value <> 0 then segment_value / everyone_value end as times_everyone,
        member_count
    from figures

)

select * from final
