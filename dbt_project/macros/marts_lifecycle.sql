{#- Whole days from a moment to the run's "now"; negative when it lies ahead. -#}
{% macro marts_days_ago(moment) -%}
    {{ dbt.datediff(moment, as_of(), 'day') }}
{%- endmacro %}

{#-
    Where a customer stands, by days since the first and last purchase against the usual gap between two purchases:
    lead     never bought
    new      first purchase at most lifecycle_new_days ago
    returned active, and the newest purchase ended a silence of more than lifecycle_at_risk_gaps usual gaps
    active   last purchase at most lifecycle_active_gaps usual gaps ago
    at_risk  at most lifecycle_at_risk_gaps
    lapsed   at most lifecycle_lapsed_gaps
    lost     longer ago
-#}
{% macro marts_lifecycle_stage(days_since_first, days_since_last, usual_gap, newest_gap) -%}
    case
        when {{ days_since_last }} is null then 'lead'
        when {{ days_since_first }} <= {{ var('lifecycle_new_days') }} then 'new'
        when {{ days_since_last }} <= {{ usual_gap }} * {{ var('lifecycle_active_gaps') }} then
            case
                when {{ newest_gap }} > {{ usual_gap }} * {{ var('lifecycle_at_risk_gaps') }} then 'returned' else 'active'
            end
        when {{ days_since_last }} <= {{ usual_gap }} * {{ var('lifecycle_at_risk_gaps') }} then 'at_risk'
        when {{ days_since_last }} <= {{ usual_gap }} * {{ var('lifecycle_lapsed_gaps') }} then 'lapsed'
        else 'lost'
    end
{%- endmacro %}
