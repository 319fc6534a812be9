{#- The fields of a record that are judged. A new one is added here and to int_quality__judged_records. -#}
{% macro quality_fields() -%}
    {{ return(['name', 'email', 'phone', 'birth_date', 'street', 'postcode', 'country']) }}
{%- endmacro %}

{#- How a field of a record stands: null when nothing was given, `valid`, or the reason why what was given is no use. -#}
{% macro judged(given, usable, problem) -%}
    case when {{ usable }} is not null then 'valid' when {{ given }} is not null then {{ problem }} end
{%- endmacro %}

{#- How many of a record's fields fulfil a condition on their judgement, such as `is not null`. -#}
{% macro judged_count(condition) -%}
    {%- for field in quality_fields() -%}
    case when {{ field }}_quality {{ condition }} then 1 else 0 end{{ ' + ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
