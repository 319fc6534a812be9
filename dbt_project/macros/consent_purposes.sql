{#- Every purpose and channel that somebody can agree or object to, one row each. -#}
{% macro consent_purposes() -%}
    {%- for purpose, channel in [('marketing', 'email'), ('marketing', 'sms'), ('ads', 'ads'), ('service', 'email')] %}
    select
        '{{ purpose }}' as purpose,
        '{{ channel }}' as channel
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
