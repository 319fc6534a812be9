{#- Numbers as people of other countries write them; parse.sql has those with a decimal point. -#}

{#- `1.234,50` → `1234.50`, where the file writes a decimal comma. A real number cell of a workbook (`1234.5`) stays. -#}
{% macro decimal_point(text) -%}
    case
        when {{ text }} like '%,%' or {{ regex_matches(text, '(^|[^0-9])[0-9]{1,3}([.][0-9]{3})+([^0-9]|$)') }}
            then replace(replace({{ text }}, '.', ''), ',', '.')
        else {{ text }}
    end
{%- endmacro %}

{#- `1.234` → integer, by the file's decimal sign. -#}
{% macro parse_whole(text, decimal='.') -%}
    {{ parse_count(decimal_point(text) if decimal == ',' else text) }}
{%- endmacro %}

{#- An amount of money by the file's decimal sign. -#}
{% macro parse_amount(text, decimal='.') -%}
    {{ parse_money(decimal_point(text) if decimal == ',' else text) }}
{%- endmacro %}

{#- A number with decimals that is no money: a quantity, a rate, a score. -#}
{% macro parse_decimal(text, decimal='.') -%}
    {%- set plain = decimal_point(text) if decimal == ',' else text -%}
    {{ cast_or_null(regex_replace(plain, '[^0-9eE.+-]'), 'decimal(38, 6)') }}
{%- endmacro %}
