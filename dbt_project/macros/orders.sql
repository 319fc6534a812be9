{#-
    The select list that every order source shares, so that their union lines up. `source` is its name; the rest are
    columns of the staging model, with a plain meaning where a source does not know them: paid in full, nothing
    cancelled, discounted or given back. `gift_card_amount` is what was charged for gift cards sold with the order.
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
        ('gift_card_amount', '0'),
        ('item_count', '0'),
        ('store_name', 'cast(null as varchar)'),
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

{#- What an order is worth: paid and not given back, without gift cards sold, which are earned when they are used. Where
    an order with a gift card was refunded nobody says for which of the two, so that it never goes below zero. -#}
{% macro marts_net_revenue(is_cancelled, total, refunded, gift_cards) -%}
    case
        when {{ is_cancelled }} then 0
        when {{ gift_cards }} > 0 then greatest({{ total }} - {{ refunded }} - {{ gift_cards }}, 0)
        else {{ total }} - {{ refunded }}
    end
{%- endmacro %}

{#- Whether a line sells a gift card, by the words of its name (var gift_card_words). -#}
{% macro is_gift_card(product_name) -%}
    (
    {%- for words in var('gift_card_words') %}
        coalesce(lower({{ product_name }}) like '%{{ words }}%', false){{ ' or' if not loop.last }}
    {%- endfor %}
    )
{%- endmacro %}


{#- order_name → id_of_order: only an order's first line carries its id; where that was rejected, an earlier export knows it. -#}
{% macro shopify_order_ids() -%}
    select
        name as order_name,
        max({{ clean_text('id') }}) as id_of_order
    from {{ source('raw', 'shopify_orders') }}
    group by name
{%- endmacro %}
