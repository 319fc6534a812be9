{#- Whole days from a moment to the run's "now"; negative when it lies ahead. -#}
{% macro marts_days_ago(moment) -%}
    {{ dbt.datediff(moment, as_of(), 'day') }}
{%- endmacro %}

{#- Where a customer stands: lead, new, active, at_risk, inactive or lost, by days since first and last purchase. -#}
{% macro marts_lifecycle_stage(order_count, first_order_at, last_order_at) -%}
    case
        when {{ order_count }} = 0 then 'lead'
        when {{ marts_days_ago(first_order_at) }} <= {{ var('lifecycle_new_days') }} then 'new'
        when {{ marts_days_ago(last_order_at) }} <= {{ var('lifecycle_active_days') }} then 'active'
        when {{ marts_days_ago(last_order_at) }} <= {{ var('lifecycle_at_risk_days') }} then 'at_risk'
        when {{ marts_days_ago(last_order_at) }} <= {{ var('lifecycle_inactive_days') }} then 'inactive'
        else 'lost'
    end
{%- endmacro %}
