{#- Text as tools export it → typed values; what does not parse becomes null, never an error. -#}

{#- `£1,234.50`, `(£12.00)`, `12.00` → decimal; brackets mean minus. -#}
{% macro parse_money(text) -%}
    coalesce(
        {{ cast_or_null(text, 'decimal(18,2)') }},
        {{ cast_or_null(
            "case when " ~ text ~ " like '(%)' then '-' else '' end || " ~ regex_replace(text, '[^0-9.-]'),
            'decimal(18,2)'
        ) }}
    )
{%- endmacro %}

{#- `1,234` → integer; null for what no integer can hold, `1e99` and `inf` among it. -#}
{% macro parse_count(text) -%}
    {{ cast_or_null(cast_or_null("replace(" ~ text ~ ", ',', '')", 'double'), 'bigint') }}
{%- endmacro %}

{#- `yes`, `Y`, `true`, `1` → true; `no`, `n`, `false`, `0` → false; anything else → null. -#}
{% macro parse_flag(text) -%}
    case
        when lower(trim({{ text }})) in ('yes', 'y', 'true', 't', '1') then true
        when lower(trim({{ text }})) in ('no', 'n', 'false', 'f', '0') then false
    end
{%- endmacro %}

{#- Text → date by the first of `formats` that fits. -#}
{% macro parse_date(text, formats) -%}
    cast({{ parse_timestamp(text, formats) }} as date)
{%- endmacro %}

{#- A date of birth: as parse_date, and null for what is older than any customer. -#}
{% macro parse_birth_date(text, formats) -%}
    case
        when {{ parse_date(text, formats) }} >= date '1900-01-01'
            then {{ parse_date(text, formats) }}
    end
{%- endmacro %}

{#- Shop-local wall-clock text → naive UTC. -#}
{% macro parse_local_timestamp(text, formats) -%}
    {{ local_to_utc(parse_timestamp(text, formats), var('shop_time_zone', 'Europe/London')) }}
{%- endmacro %}

{#- One value of a `key: value` list, a pair a line, as Shopify writes note attributes. -#}
{% macro note_attribute(text, name) -%}
    {{ regex_extract(text, '(?:^|\\n) *' ~ name ~ ': *([^\\r\\n]*[^\\r\\n ])') }}
{%- endmacro %}

{#- True for the user agents of crawlers, monitors and scripted browsers, by the names they give themselves. -#}
{% macro is_bot(user_agent) -%}
    {%- set words = [
        'bot[/; )_-]', 'bot$', 'crawl', 'spider', 'slurp', 'headless', 'phantomjs', 'lighthouse', 'pingdom', 'uptime',
        'monitor', 'python-', 'curl/', 'wget'
    ] -%}
    {#- Cubot is a maker of phones -#}
    {{ regex_matches(regex_replace(user_agent, '(?i)cubot'), '(?i)' ~ words | join('|')) }}
{%- endmacro %}
