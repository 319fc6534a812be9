{#-
    Addresses: the parts stand in columns of their own in most exports; then only postcodes have rules that can be checked.
    Where all of it stands in one column, `address_part` takes it apart.
-#}

{#-
    One part of an address in one text: `street`, `city`, `region`, `postcode`, `country` or `problem`. `country` is SQL for
    where it is when it does not end with a country itself. A line that does not say which part is which stays whole, as
    `street`, with the reason as `problem`: see docs/standardising.md.
-#}
{% macro address_part(text, country, part) -%}
    {{ adapter.dispatch('address_part', 'cdp')(text, country, part) }}
{%- endmacro %}

{% macro duckdb__address_part(text, country, part) -%}
    cdp_address({{ text }}, {{ country }}).{{ part }}
{%- endmacro %}

{#- Without the function, the line stays whole and says so: expressions that split it for nine countries are no expressions. -#}
{% macro default__address_part(text, country, part) -%}
    {%- if part == 'street' -%} {{ clean_text(text) }}
    {%- elif part == 'country' -%} case when {{ clean_text(text) }} is not null then {{ country }} end
    {%- elif part == 'problem' -%} case when {{ clean_text(text) }} is not null then 'not split on this engine' end
    {%- else -%} cast(null as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}

{#- Upper case without spaces, dots and dashes, so that `eh1 1aa` and `EH1 1AA` agree. -#}
{% macro standardise_postcode(text) -%}
    {{ adapter.dispatch('standardise_postcode', 'cdp')(text) }}
{%- endmacro %}

{% macro default__standardise_postcode(text) -%}
    nullif({{ regex_replace('upper(' ~ text ~ ')', "[ '.-]") }}, '')
{%- endmacro %}

{#- A postcode as its country writes it (`EH1 1AA`, `1012 AB`); null when the country has no such postcode. -#}
{% macro format_postcode(text, country) -%}
    {{ adapter.dispatch('format_postcode', 'cdp')(text, country) }}
{%- endmacro %}

{% macro default__format_postcode(text, country) -%}
    {%- set bare = standardise_postcode(text) -%}
    case coalesce({{ country }}, '')
        {%- for code, format in postcode_formats().items() %}
        when '{{ code }}' then case
            when {{ regex_matches(bare, format[0]) }} then {{ regex_replace(bare, format[0], format[1]) }}
        end
        {%- endfor %}
        else {{ clean_text(text) }}
    end
{%- endmacro %}

{#- Why a text is no postcode of its country; null when it is, when there is none, and for countries not listed. -#}
{% macro postcode_problem(text, country) -%}
    case
        when {{ clean_text(text) }} is not null and {{ format_postcode(text, country) }} is null
            then 'no postcode of ' || {{ country }}
    end
{%- endmacro %}

{#- Country → [pattern of the postcode without blanks and dashes, how it is written], by the postal services' own rules. -#}
{% macro postcode_formats() -%}
    {%- set formats = {
        'GB': ['^(GIR|[A-Z]{1,2}[0-9][0-9A-Z]?)([0-9][A-Z]{2})$', '$1 $2'],
        'IE': ['^([A-Z][0-9][0-9W])([0-9A-Z]{4})$', '$1 $2'],
        'US': ['^([0-9]{5})([0-9]{4})?$', '$1'],
        'CA': ['^([A-Z][0-9][A-Z])([0-9][A-Z][0-9])$', '$1 $2'],
        'NL': ['^(?:NL)?([1-9][0-9]{3})([A-Z]{2})$', '$1 $2'],
        'PL': ['^(?:PL)?([0-9]{2})([0-9]{3})$', '$1-$2'],
        'PT': ['^(?:PT)?([1-9][0-9]{3})([0-9]{3})$', '$1-$2'],
        'LV': ['^(?:LV)?([0-9]{4})$', 'LV-$1'],
        'LT': ['^(?:LT)?([0-9]{5})$', 'LT-$1'],
        'JP': ['^([0-9]{3})([0-9]{4})$', '$1-$2'],
        'BR': ['^([0-9]{5})([0-9]{3})$', '$1-$2'],
        'MT': ['^([A-Z]{3})([0-9]{4})$', '$1 $2'],
        'AD': ['^AD([0-9]{3})$', 'AD$1'],
        'JE': ['^(JE[0-9]{1,2})([0-9][A-Z]{2})$', '$1 $2'],
        'GG': ['^(GY[0-9]{1,2})([0-9][A-Z]{2})$', '$1 $2'],
        'IM': ['^(IM[0-9]{1,2})([0-9][A-Z]{2})$', '$1 $2']
    } -%}
    {%- for country in ['SE', 'CZ', 'SK', 'GR'] -%}
        {%- do formats.update({country: ['^(?:' ~ country ~ '|S)?([0-9]{3})([0-9]{2})$', '$1 $2']}) -%}
    {%- endfor -%}
    {%- for country in ['AT', 'AU', 'BE', 'BG', 'CH', 'CY', 'DK', 'HU', 'LI', 'LU', 'NO', 'NZ', 'SI', 'ZA'] -%}
        {%- do formats.update({country: ['^(?:' ~ country ~ '|' ~ country[:1] ~ ')?([0-9]{4})$', '$1']}) -%}
    {%- endfor -%}
    {%- for country in ['DE', 'EE', 'ES', 'FI', 'FR', 'HR', 'IT', 'KR', 'MC', 'MX', 'RS', 'SM', 'TR', 'UA'] -%}
        {%- do formats.update({country: ['^(?:' ~ country ~ '|' ~ country[:1] ~ ')?([0-9]{5})$', '$1']}) -%}
    {%- endfor -%}
    {%- for country in ['IN', 'RO', 'CN', 'SG', 'RU'] -%}
        {%- do formats.update({country: ['^([0-9]{6})$', '$1']}) -%}
    {%- endfor -%}
    {{ return(formats) }}
{%- endmacro %}
