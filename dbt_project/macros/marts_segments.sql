{#- The segments there are. A new one is added here and in models/segments/, nowhere else. -#}
{% macro marts_segment_names() -%}
    {{ return([
        'abandoned_cart',
        'at_risk',
        'birthday_this_month',
        'category_lovers',
        'engaged_subscribers',
        'lapsed_buyers',
        'leads_never_bought',
        'new_buyers',
        'unhappy_customers',
        'vip_customers',
    ]) }}
{%- endmacro %}

{#- What a segment's contract (config.meta.segment) says, so that the models need not repeat it. -#}
{% macro marts_segment_meta(segment) -%}
    {%- if execute -%}
        {{ return(graph.nodes['model.' ~ project_name ~ '.segment_' ~ segment].config.meta.segment) }}
    {%- else -%}
        {{ return({'size_band': [0, 0]}) }}
    {%- endif -%}
{%- endmacro %}
