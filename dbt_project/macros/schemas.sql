{#- Schema names as written in dbt_project.yml: the folder's schema, without the target's as prefix. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
