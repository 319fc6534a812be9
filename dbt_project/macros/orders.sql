{#-
    The select list that every order source shares, so that their union lines up. `source` is its name; the rest are
    columns of the staging model, with a plain meaning where a source does not know them: paid in full, nothing
    cancelled, discounted or given back.
-#}
{% macro order_columns(source, order_id, record_id, ordered_at, total_amount) -%}
    {%- set others = [
        ('cancelled_at', 'cast(null as timestamp)'),
        ('financial_status', "'paid'"),
        ('is_cancelled', 'false'),
        ('is_return', 'false'),
        ('currency', "'" ~ var('shop_currency', 'GBP') ~ "'"),
        ('subtotal_amount', total_amount),
        ('discount_amount', '0'),
        ('shipping_amount', '0'),
        ('tax_amount', '0'),
        ('total_amount', total_amount),
        ('refunded_amount', '0'),
        ('item_count', '0'),
        ('discount_code', 'cast(null as varchar)'),
        ('utm_source', 'cast(null as varchar)'),
        ('utm_medium', 'cast(null as varchar)'),
        ('utm_campaign', 'cast(null as varchar)'),
        ('shipping_country', 'cast(null as varchar)'),
    ] -%}
        {{ order_id }} as order_id,
        {{ record_id }} as record_id,
        {{ kwargs.get('order_name', record_key(order_id)) }} as order_name,
        '{{ source }}' as source,
        {{ kwargs.get('sales_channel', "'web'") }} as sales_channel,
        {{ ordered_at }} as ordered_at,
    {%- for column, unknown in others %}
        {{ kwargs.get(column, unknown) }} as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
