{#- The steps from a visit to a purchase. A step counts those who came at least that far: somebody who ordered by another
    way has passed the steps before. -#}
{% macro funnel_furthest_step() -%}
    case
        when has_order then 5
        when has_checkout then 4
        when has_cart_add then 3
        when product_view_count > 0 then 2
        else 1
    end
{%- endmacro %}

{% macro funnel_steps() -%}
    {% for step in ['visited', 'saw a product', 'filled a cart', 'began to pay', 'bought'] -%}
    select
        {{ loop.index }} as step_number,
        '{{ step }}' as step
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
{%- endmacro %}
