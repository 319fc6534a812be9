{#- Phone numbers: what a country's numbers look like, and the way from any spelling to E.164. -#}

{#-
    Country → [calling code, trunk prefix dialled inside the country, pattern of the number without either].
    Lengths from the ITU's list of national numbering plans; a code that is not listed passes on length alone.
-#}
{% macro phone_plans() -%}
    {{ return({
        'GB': ['44', '0', '(?:7[0-9]{9}|[1238][0-9]{8,9})'], 'FR': ['33', '0', '[1-9][0-9]{8}'],
        'DE': ['49', '0', '[1-9][0-9]{5,11}'],
        'ES': ['34', '', '[5-9][0-9]{8}'], 'PL': ['48', '', '[1-9][0-9]{8}'], 'GR': ['30', '', '[267][0-9]{9}'],
        'UA': ['380', '0', '[3-9][0-9]{8}'], 'JP': ['81', '0', '[1-9][0-9]{8,9}'],
        'IE': ['353', '0', '[1-9][0-9]{6,8}'],
        'IT': ['39', '', '[0-9][0-9]{5,10}'], 'NL': ['31', '0', '[1-9][0-9]{8}'], 'BE': ['32', '0', '[1-9][0-9]{7,8}'],
        'AT': ['43', '0', '[1-9][0-9]{4,12}'], 'CH': ['41', '0', '[1-9][0-9]{8}'], 'PT': ['351', '', '[2-9][0-9]{8}'],
        'SE': ['46', '0', '[1-9][0-9]{6,9}'], 'DK': ['45', '', '[2-9][0-9]{7}'], 'NO': ['47', '', '[2-9][0-9]{7}'],
        'FI': ['358', '0', '[1-9][0-9]{4,10}'], 'CZ': ['420', '', '[2-9][0-9]{8}'], 'US': ['1', '1', '[2-9][0-9]{9}'],
        'CA': ['1', '1', '[2-9][0-9]{9}'], 'AU': ['61', '0', '[1-9][0-9]{8}'], 'NZ': ['64', '0', '[2-9][0-9]{7,9}'],
        'IN': ['91', '0', '[1-9][0-9]{9}'], 'CN': ['86', '0', '1[0-9]{10}'], 'BR': ['55', '0', '[1-9][0-9]{9,10}'],
        'TR': ['90', '0', '[2-5][0-9]{9}'], 'RO': ['40', '0', '[2-8][0-9]{8}'], 'HU': ['36', '06', '[1-9][0-9]{7,8}'],
        'KR': ['82', '0', '[1-9][0-9]{7,9}']
    }) }}
{%- endmacro %}

{#-
    E.164 (`+447700900123`), or null when the text is no possible number. `region` is a column with the ISO-2 country
    that a national number belongs to (null: the shop's). A number that is not possible there is tried as a home number
    of the shop, since a customer abroad may well leave the number of a local phone.
-#}
{% macro standardise_phone(text, region='cast(null as varchar)') -%}
    {{ adapter.dispatch('standardise_phone', 'cdp')(text, region) }}
{%- endmacro %}

{% macro duckdb__standardise_phone(text, region) -%}
    cdp_phone({{ text }}, {{ region }}, '{{ shop_country() }}').number
{%- endmacro %}

{#- `mobile`, `fixed`, `toll free` …; `unassigned` for a number that fits the country's plan in a range nobody has yet. -#}
{% macro phone_type(text, region='cast(null as varchar)') -%}
    {{ adapter.dispatch('phone_type', 'cdp')(text, region) }}
{%- endmacro %}

{% macro duckdb__phone_type(text, region) -%}
    cdp_phone({{ text }}, {{ region }}, '{{ shop_country() }}').kind
{%- endmacro %}

{% macro default__phone_type(text, region) -%}
    cast(null as varchar)
{%- endmacro %}

{#- Why a text holds no phone number; null when it does, and when there is no text. -#}
{% macro phone_problem(text, region='cast(null as varchar)') -%}
    {{ adapter.dispatch('phone_problem', 'cdp')(text, region) }}
{%- endmacro %}

{% macro duckdb__phone_problem(text, region) -%}
    cdp_phone({{ text }}, {{ region }}, '{{ shop_country() }}').problem
{%- endmacro %}

{% macro default__phone_problem(text, region) -%}
    case when {{ clean_text(text) }} is not null and {{ standardise_phone(text, region) }} is null then 'no number of its country' end
{%- endmacro %}

{% macro default__standardise_phone(text, region) -%}
    {%- set international = phone_international(text) -%}
    {%- set own = phone_national(text, region) -%}
    {%- set home = phone_national(text, "'" ~ shop_country() ~ "'") -%}
    case
        when {{ text }} is null or {{ regex_matches(text, '@|[A-Za-z]{4}') }} then null
        when {{ is_international(text) }}
            then case when {{ is_possible_phone(international) }} then {{ international }} end
        when {{ is_possible_phone(own) }} then {{ own }}
        when {{ is_possible_phone(home) }} then {{ home }}
    end
{%- endmacro %}

{% macro shop_country() -%}
    {{ var('shop_country', 'GB') }}
{%- endmacro %}

{#- Digits only, an extension (`x12`, `ext. 12`) and the `(0)` of `+44 (0)20` dropped. -#}
{% macro phone_digits(text) -%}
    {{ regex_replace(text, '[Ee]?[Xx][Tt]?[.]? *[0-9]+ *$|[(]0[)]|[^0-9]') }}
{%- endmacro %}

{% macro is_international(text) -%}
    {{ regex_matches(text, '^[^0-9+]*([+]|00[1-9])') }}
{%- endmacro %}

{#- A trunk zero kept by mistake after the calling code (`+4407700…`) is dropped. -#}
{% macro phone_international(text) -%}
    '+' || {{ regex_replace(phone_digits(text), '^(?:00)?(' ~ trunk_zero_codes() ~ ')0|^00', '$1') }}
{%- endmacro %}

{% macro trunk_zero_codes() -%}
    {%- set codes = [] -%}
    {%- for plan in phone_plans().values() if plan[1] == '0' %}{% do codes.append(plan[0]) %}{% endfor -%}
    {{ codes | join('|') }}
{%- endmacro %}

{#-
    A number as dialled inside `region`. A calling code without its plus is understood, and so is a number whose zero
    fell off in a spreadsheet.
-#}
{% macro phone_national(text, region) -%}
    {%- set digits = phone_digits(text) -%}
    case coalesce({{ region }}, '{{ shop_country() }}')
        {%- for country, plan in phone_plans().items() %}
        {%- set code, trunk, number = plan %}
        when '{{ country }}' then {{ regex_replace(
            digits, '^(?:' ~ code ~ '(' ~ number ~ ')|(?:' ~ trunk ~ ')?(' ~ number ~ '))$', '+' ~ code ~ '$1$2'
        ) }}
        {%- endfor %}
    end
{%- endmacro %}

{#- True for E.164 of a listed plan, or of an unlisted calling code with a plausible length. -#}
{% macro is_possible_phone(number) -%}
    (
        {{ regex_matches(number, '^[+](?:' ~ plan_patterns() ~ ')$') }}
        or (
            {{ regex_matches(number, '^[+][1-9][0-9]{7,14}$') }}
            and not {{ regex_matches(number, '^[+](?:' ~ plan_codes() ~ ')') }}
        )
    )
{%- endmacro %}

{% macro plan_patterns() -%}
    {%- for plan in phone_plans().values() %}{{ plan[0] }}{{ plan[2] }}{{ '|' if not loop.last }}{% endfor -%}
{%- endmacro %}

{% macro plan_codes() -%}
    {%- for plan in phone_plans().values() %}{{ plan[0] }}{{ '|' if not loop.last }}{% endfor -%}
{%- endmacro %}
