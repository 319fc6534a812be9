{#- Score 5 to 1 by absolute thresholds, best first: four bounds give five scores. -#}
{% macro marts_score_at_most(value, bounds) -%}
    case
        {%- for bound in bounds %}
        when {{ value }} <= {{ bound }} then {{ 5 - loop.index0 }}
        {%- endfor %}
        else 1
    end
{%- endmacro %}

{% macro marts_score_at_least(value, bounds) -%}
    case
        {%- for bound in bounds %}
        when {{ value }} >= {{ bound }} then {{ 5 - loop.index0 }}
        {%- endfor %}
        else 1
    end
{%- endmacro %}
