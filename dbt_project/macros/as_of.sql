{#- The run's "now" (naive UTC): one row written at run start, so that a model never asks the clock. -#}
{% macro as_of() -%}
    (select run_context.as_of from {{ source('state', 'run_context') }} as run_context)
{%- endmacro %}
