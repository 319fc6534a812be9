{#-
    Dates typed by hand, where `03/04/2026` may be two days: the values of the same file decide which part is the day.
    A file in which some first part is above 12 writes the day first; one in which some second part is, the month. A file
    that says neither is read as the table's other files, and at last as the shop's country does, with a remark.
-#}

{#- Text → date. `formats` are the ones that leave no doubt (`%Y-%m-%d`); `file` is the column that tells files apart. -#}
{% macro parse_ambiguous_date(text, formats, file='_file') -%}
    {%- set first, second = date_part(text, 1), date_part(text, 2) -%}
    coalesce(
        {{ parse_date(text, formats) }},
        {{ cast_or_null(
            date_part(text, 3) ~ " || '-' || case when coalesce(" ~ is_day_first(text, file) ~ ", " ~ shop_day_first() ~ ") then "
            ~ second ~ " || '-' || " ~ first ~ " else " ~ first ~ " || '-' || " ~ second ~ " end", 'date'
        ) }}
    )
{%- endmacro %}

{#- Why the text became no date, or why the date is in doubt; null when neither, and when there is no text. -#}
{% macro ambiguous_date_problem(text, formats, file='_file') -%}
    case
        when {{ clean_text(text) }} is null then null
        when {{ regex_matches(text, '^ *[0-9]{1,2}[./ -][0-9]{1,2}[./ -][0-9]{2} *$') }} then 'year of two digits'
        when {{ parse_ambiguous_date(text, formats, file) }} is null
            then case when {{ date_part(text, 1) }} is null then 'not a date' else 'no such day' end
        when {{ date_part(text, 1) }} <> {{ date_part(text, 2) }} and {{ is_day_first(text, file) }} is null
            then 'ambiguous day and month'
    end
{%- endmacro %}

{#- `3`, `4` or `2026` of `3/4/2026`, and of `03.04.2026 00:00:00`; null when the text is no such date. -#}
{% macro date_part(text, number) -%}
    {%- set patterns = {
        1: '^ *([0-9]{1,2})[./ -][0-9]{1,2}[./ -][0-9]{4}(?:[ T].*)?$',
        2: '^ *[0-9]{1,2}[./ -]([0-9]{1,2})[./ -][0-9]{4}(?:[ T].*)?$',
        3: '^ *[0-9]{1,2}[./ -][0-9]{1,2}[./ -]([0-9]{4})(?:[ T].*)?$'
    } -%}
    {{ regex_extract(text, patterns[number]) }}
{%- endmacro %}

{#- Whether the day stands first: by the value itself, else by its file, else by all files; null when nothing tells. -#}
{% macro is_day_first(text, file) -%}
    {%- set first = 'cast(' ~ date_part(text, 1) ~ ' as integer)' -%}
    {%- set second = 'cast(' ~ date_part(text, 2) ~ ' as integer)' -%}
    case
        when {{ first }} > 12 then true
        when {{ second }} > 12 then false
        {%- for window in ['partition by ' ~ file, ''] %}
        when max({{ first }}) over ({{ window }}) > 12 and max({{ second }}) over ({{ window }}) <= 12 then true
        when max({{ second }}) over ({{ window }}) > 12 and max({{ first }}) over ({{ window }}) <= 12 then false
        {%- endfor %}
    end
{%- endmacro %}

{% macro shop_day_first() -%}
    {{ 'false' if shop_country() in ['US', 'PH', 'PR', 'GU', 'VI', 'AS', 'MP'] else 'true' }}
{%- endmacro %}

{#- A date that can be somebody's birthday, else null. -#}
{% macro plausible_birth_date(date) -%}
    case when {{ date }} >= date '1900-01-01' then {{ date }} end
{%- endmacro %}

{#- Why there is no date of birth; `parsed` is the text as date. Null when there is one, and when there is no text. -#}
{% macro birth_date_problem(text, parsed) -%}
    case
        when {{ clean_text(text) }} is null then null
        when {{ parsed }} is null then 'not a date'
        when {{ parsed }} < date '1900-01-01' then 'before 1900'
    end
{%- endmacro %}
