{#-
    The few things dialects spell differently, each behind a dispatched macro: `duckdb__` is the embedded engine,
    `default__` is Spark SQL. Nothing about customers belongs here.
-#}

{% macro pattern_literal(pattern) -%}
    {{ adapter.dispatch('pattern_literal', 'cdp')(pattern) }}
{%- endmacro %}

{% macro default__pattern_literal(pattern) -%}
    '{{ pattern | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}

{% macro duckdb__pattern_literal(pattern) -%}
    '{{ pattern | replace("'", "''") }}'
{%- endmacro %}


{#- Every occurrence of `pattern` replaced. -#}
{% macro regex_replace(text, pattern, replacement='') -%}
    {{ adapter.dispatch('regex_replace', 'cdp')(text, pattern, replacement) }}
{%- endmacro %}

{% macro default__regex_replace(text, pattern, replacement) -%}
    regexp_replace({{ text }}, {{ pattern_literal(pattern) }}, '{{ replacement }}')
{%- endmacro %}

{% macro duckdb__regex_replace(text, pattern, replacement) -%}
    regexp_replace({{ text }}, {{ pattern_literal(pattern) }}, '{{ replacement | replace("$", "\\") }}', 'g')
{%- endmacro %}


{#- True when some part of the text matches: anchor the pattern to match all of it. -#}
{% macro regex_matches(text, pattern) -%}
    {{ adapter.dispatch('regex_matches', 'cdp')(text, pattern) }}
{%- endmacro %}

{% macro default__regex_matches(text, pattern) -%}
    ({{ text }} rlike {{ pattern_literal(pattern) }})
{%- endmacro %}

{% macro duckdb__regex_matches(text, pattern) -%}
    regexp_matches({{ text }}, {{ pattern_literal(pattern) }})
{%- endmacro %}


{#- The first group of the first match; null when there is none. -#}
{% macro regex_extract(text, pattern) -%}
    {{ adapter.dispatch('regex_extract', 'cdp')(text, pattern) }}
{%- endmacro %}

{% macro default__regex_extract(text, pattern) -%}
    nullif(regexp_extract({{ text }}, {{ pattern_literal(pattern) }}, 1), '')
{%- endmacro %}


{#- Null instead of an error where the text does not fit the type. -#}
{% macro cast_or_null(value, type) -%}
    {{ adapter.dispatch('cast_or_null', 'cdp')(value, type) }}
{%- endmacro %}

{% macro default__cast_or_null(value, type) -%}
    try_cast({{ value }} as {{ type }})
{%- endmacro %}


{#- Text → naive timestamp by the first of `formats` (strptime codes) that fits; null when none does. -#}
{% macro parse_timestamp(text, formats) -%}
    {{ adapter.dispatch('parse_timestamp', 'cdp')(text, formats) }}
{%- endmacro %}

{% macro default__parse_timestamp(text, formats) -%}
    coalesce(
        {%- for format in formats %}
            {%- set pattern = format | replace('%Y', 'yyyy') | replace('%m', 'M') | replace('%d', 'd')
                | replace('%H', 'H') | replace('%M', 'm') | replace('%S', 's') %}
        try_to_timestamp({{ text }}, '{{ pattern }}'){{ ',' if not loop.last }}
        {%- endfor %}, null
    )
{%- endmacro %}

{% macro duckdb__parse_timestamp(text, formats) -%}
    try_strptime({{ text }}, ['{{ formats | join("', '") }}'])
{%- endmacro %}


{#- Text with an offset (`2026-03-01 14:22:11 +0100`, `…T14:22:11.5Z`) → naive UTC; null when it is neither. -#}
{% macro parse_instant(text) -%}
    {{ adapter.dispatch('parse_instant', 'cdp')(text) }}
{%- endmacro %}

{% macro default__parse_instant(text) -%}
    cast(to_utc_timestamp(try_to_timestamp({{ text }}), current_timezone()) as timestamp_ntz)
{%- endmacro %}

{% macro duckdb__parse_instant(text) -%}
    timezone('UTC', coalesce(try_cast({{ text }} as timestamptz), try_strptime({{ text }}, '%Y-%m-%d %H:%M:%S %z')))
{%- endmacro %}


{#- Naive local timestamp → naive UTC. The hour that happens twice in autumn is read as winter time. -#}
{% macro local_to_utc(timestamp, time_zone) -%}
    {{ adapter.dispatch('local_to_utc', 'cdp')(timestamp, time_zone) }}
{%- endmacro %}

{% macro default__local_to_utc(timestamp, time_zone) -%}
    to_utc_timestamp({{ timestamp }}, '{{ time_zone }}')
{%- endmacro %}

{% macro duckdb__local_to_utc(timestamp, time_zone) -%}
    timezone('UTC', timezone('{{ time_zone }}', {{ timestamp }}))
{%- endmacro %}


{#- Naive UTC → naive local timestamp. -#}
{% macro utc_to_local(timestamp, time_zone) -%}
    {{ adapter.dispatch('utc_to_local', 'cdp')(timestamp, time_zone) }}
{%- endmacro %}

{% macro default__utc_to_local(timestamp, time_zone) -%}
    from_utc_timestamp({{ timestamp }}, '{{ time_zone }}')
{%- endmacro %}

{% macro duckdb__utc_to_local(timestamp, time_zone) -%}
    timezone('{{ time_zone }}', timezone('UTC', {{ timestamp }}))
{%- endmacro %}


{#-
    JSON text → struct of texts, in one parse. `shape`: {field: none, nested: {field: none}}; absent → null, and so is
    everything where the text is no JSON.
-#}
{% macro json_struct(text, shape) -%}
    {{ adapter.dispatch('json_struct', 'cdp')(text, shape) }}
{%- endmacro %}

{% macro default__json_struct(text, shape) -%}
    from_json({{ text }}, '{{ spark_shape(shape) }}')
{%- endmacro %}

{% macro spark_shape(shape) -%}
    {%- for name, nested in shape.items() -%}
        {{ name }} {{ 'struct<' ~ spark_shape(nested) | replace(' ', ':') ~ '>' if nested else 'string' }}
        {{- ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro duckdb__json_struct(text, shape) -%}
    try(from_json({{ text }}, '{{ duckdb_shape(shape) }}'))
{%- endmacro %}

{% macro duckdb_shape(shape) -%}
    {
    {%- for name, nested in shape.items() -%}
        "{{ name }}": {{ duckdb_shape(nested) if nested else '"VARCHAR"' }}{{ ', ' if not loop.last }}
    {%- endfor -%}
    }
{%- endmacro %}


{#- A JSON array of texts → one text, parts joined by comma and space, sorted; null for what is none. -#}
{% macro json_list_text(text) -%}
    {{ adapter.dispatch('json_list_text', 'cdp')(text) }}
{%- endmacro %}

{% macro default__json_list_text(text) -%}
    nullif(array_join(array_sort(from_json({{ text }}, 'array<string>')), ', '), '')
{%- endmacro %}

{% macro duckdb__json_list_text(text) -%}
    nullif(array_to_string(list_sort(try(from_json({{ text }}, '["VARCHAR"]'))), ', '), '')
{%- endmacro %}


{#- Lower case without accents. Japanese and Cyrillic keep their marks, which make other letters there. -#}
{% macro fold_accents(text) -%}
    {{ adapter.dispatch('fold_accents', 'cdp')(text) }}
{%- endmacro %}

{% macro default__fold_accents(text) -%}
    replace(replace(replace(translate(
        lower({{ text }}),
        'àáâãäåāăąçćčďèéêëēęěğìíîïīıłľñńňòóôõöøőŕřśšşťùúûüūůűýÿźžżđðάέήίόύώς',
        'aaaaaaaaacccdeeeeeeegiiiiiillnnnoooooooorrssstuuuuuuuyyzzzddαεηιουωσ'
    ), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')
{%- endmacro %}

{% macro duckdb__fold_accents(text) -%}
    case
        when regexp_full_match({{ text }}, '[ -~]*') then lower({{ text }})
        when regexp_matches({{ text }}, '[\p{Latin}\p{Greek}]') then replace(replace(replace(translate(
            strip_accents(lower({{ text }})), 'łøđðıς', 'loddiσ'
        ), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')
        else lower({{ text }})
    end
{%- endmacro %}


{#- 32 hex digits of a text. -#}
{% macro md5_text(text) -%}
    md5({{ text }})
{%- endmacro %}
