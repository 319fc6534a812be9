{#- Contact details as people leave them: sometimes the address stands in the phone field, or the other way round. -#}

{% macro contact_email(email, phone) -%}
    coalesce({{ standardise_email(email) }}, {{ standardise_email(phone) }})
{%- endmacro %}

{% macro contact_phone(phone, email, region="cast(null as varchar)") -%}
    coalesce({{ standardise_phone(phone, region) }}, {{ standardise_phone(email, region) }})
{%- endmacro %}

{#-
    All that is known of a row's address and number, as named columns. A value is null when neither field holds one, and
    then its problem says what is wrong with its own field.
-#}
{% macro contact_columns(email, phone, region="cast(null as varchar)") -%}
    {{ email_columns(email, phone) }},
    {{ phone_columns(phone, email, region) }}
{%- endmacro %}

{% macro email_columns(email, phone) -%}
    {{ contact_email(email, phone) }} as email,
    coalesce({{ canonical_email(email) }}, {{ canonical_email(phone) }}) as email_canonical,
    case when {{ contact_email(email, phone) }} is null then {{ email_problem(email) }} end as email_problem
{%- endmacro %}

{% macro phone_columns(phone, email, region="cast(null as varchar)") -%}
    {{ contact_phone(phone, email, region) }} as phone,
    coalesce({{ phone_type(phone, region) }}, {{ phone_type(email, region) }}) as phone_type,
    case when {{ contact_phone(phone, email, region) }} is null then {{ phone_problem(phone, region) }} end as phone_problem
{%- endmacro %}

{#- The same for a row without a phone number. -#}
{% macro email_only_columns(email) -%}
    {{ standardise_email(email) }} as email,
    {{ canonical_email(email) }} as email_canonical,
    {{ email_problem(email) }} as email_problem
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

{#- Everything in a text that may be meant for an email address, one row each: blanks, `[at]` and `%40` around it are mended. -#}
{% macro addresses_in(text) -%}
    {%- set mended = regex_replace('lower(' ~ text ~ ')', ' *(?:@|＠|%40|[[(] *at *[])]) *', '@') -%}
    {{ adapter.dispatch('every_match', 'cdp')(mended, '[^ \\t\\r\\n<>()\\[\\],;:|"@]+@[^ \\t\\r\\n<>()\\[\\],;:|"@]+[.][^ \\t\\r\\n<>()\\[\\],;:|"@]+') }}
{%- endmacro %}

{% macro default__every_match(text, pattern) -%}
    explode(regexp_extract_all({{ text }}, {{ pattern_literal(pattern) }}, 0))
{%- endmacro %}

{% macro duckdb__every_match(text, pattern) -%}
    unnest(regexp_extract_all({{ text }}, {{ pattern_literal(pattern) }}))
{%- endmacro %}
