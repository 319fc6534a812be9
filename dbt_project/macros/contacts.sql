{#- Contact details as people leave them: sometimes the address stands in the phone field, or the other way round. -#}

{% macro contact_email(email, phone) -%}
    coalesce({{ standardise_email(email) }}, {{ standardise_email(phone) }})
{%- endmacro %}

{% macro contact_phone(phone, email, region="cast(null as varchar)") -%}
    coalesce({{ standardise_phone(phone, region) }}, {{ standardise_phone(email, region) }})
{%- endmacro %}

{#- The identity record that a row of a source belongs to; null when the source's key is. -#}
{% macro record_id(source, key) -%}
    '{{ source }}:' || {{ key }}
{%- endmacro %}

{#- Key of the buyer on an order, from the four details as delivered: orders carry no customer id. -#}
{% macro buyer_key(email, phone, name, postcode) -%}
    nullif({{ md5_text(
        "coalesce(lower(trim(" ~ email ~ ")), '') || '|' || coalesce(" ~ regex_replace(phone, '[^0-9]') ~ ", '') || '|'"
        ~ " || coalesce(lower(" ~ name ~ "), '') || '|' || coalesce(upper(replace(" ~ postcode ~ ", ' ', '')), '')"
    ) }}, {{ md5_text("'|||'") }})
{%- endmacro %}

{#- A source's own key back out of a record_id (the text after the first colon). -#}
{% macro record_key(record_id) -%}
    {{ regex_replace(record_id, '^[a-z0-9_]+:') }}
{%- endmacro %}
