{#- Place of a source in the order of trust (1 = most trusted), from the var of that name. -#}
{% macro marts_source_trust(column) -%}
    {{ marts_trust_place(column, var('survivorship_sources')) }}
{%- endmacro %}

{#- The same in an order given, most trusted first. -#}
{% macro marts_trust_place(column, sources) -%}
    case {{ column }}
        {%- for source in sources %}
        when '{{ source }}' then {{ loop.index }}
        {%- endfor %}
        else {{ sources | length + 1 }}
    end
{%- endmacro %}

{#- Names are kept in lower case for matching; people read them with capitals. -#}
{% macro marts_capitalised(column) -%}
    {{ adapter.dispatch('marts_capitalised', 'cdp')(column) }}
{%- endmacro %}

{% macro default__marts_capitalised(column) -%}
    initcap({{ column }})
{%- endmacro %}

{% macro duckdb__marts_capitalised(column) -%}
    array_to_string(list_transform(string_split({{ column }}, ' '), lambda word: upper(word[1]) || word[2:]), ' ')
{%- endmacro %}

{% macro marts_birthday(birth_date) -%}
    {{ marts_month_day('extract(month from ' ~ birth_date ~ ')', 'extract(day from ' ~ birth_date ~ ')') }}
{%- endmacro %}

{#- Month and day of a birthday as people and email tools write it: MM/DD. -#}
{% macro marts_month_day(month, day) -%}
    lpad(cast({{ month }} as varchar), 2, '0') || '/' || lpad(cast({{ day }} as varchar), 2, '0')
{%- endmacro %}

{#- A standardised name spelled as it was delivered, with accents and capitals, where the delivered word is that name. -#}
{% macro marts_name_as_delivered(name, word) -%}
    case
        when {{ standardise_name(word) }} = {{ name }} then case
            when {{ word }} in (lower({{ word }}), upper({{ word }})) then {{ marts_capitalised('lower(' ~ word ~ ')') }}
            else {{ word }}
        end
        else {{ marts_capitalised(name) }}
    end
{%- endmacro %}
