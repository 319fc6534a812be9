{#-
    What a value must look like before two sources can be compared, each macro from a text column to a standard text or
    null. Pass a column, not an expression: it is repeated in the SQL.
-#}

{#- Text as a person typed it, without the quirks of exports: surrounding blanks, Excel's leading apostrophe. -#}
{% macro clean_text(text) -%}
    nullif({{ regex_replace(text, "^[ ']+| +$") }}, '')
{%- endmacro %}

{#- Lower-case address, or null when it could not be delivered to. -#}
{% macro standardise_email(text) -%}
    {{ adapter.dispatch('standardise_email', 'cdp')(text) }}
{%- endmacro %}

{% macro default__standardise_email(text) -%}
    case
        when {{ regex_matches('lower(' ~ text ~ ')', email_pattern()) }} and {{ text }} not like '%..%'
            then {{ regex_replace(
                'lower(' ~ text ~ ')', '^[^a-z0-9_]*(?:mailto:)?|[^a-z]+$'
            ) }}
    end
{%- endmacro %}

{% macro email_pattern() -%}
    ^[^a-z0-9_@]*(?:mailto:)?[a-z0-9_](?:[a-z0-9.!#$%&'*+/=?^_`|~-]*[a-z0-9_+-])?@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?[.])+[a-z]{2,}[^a-z0-9@]*$
{%- endmacro %}

{#- Lower-case name without accents, honorifics, suffixes and punctuation; null when nothing or a stand-in is left. -#}
{% macro standardise_name(text) -%}
    {{ adapter.dispatch('standardise_name', 'cdp')(text) }}
{%- endmacro %}

{% macro default__standardise_name(text) -%}
    {%- set folded = fold_accents(text) -%}
    {%- set bare = regex_replace(folded, "['’`.]") -%}
    {%- set spaced = "' ' || " ~ regex_replace(bare, '[^\\p{L}\\p{M}]+', ' ') ~ " || ' '" -%}
    {%- set untitled = regex_replace(spaced, '^ (?:(?:' ~ honorifics() | join('|') ~ ') )+') -%}
    {%- set plain = 'trim(' ~ regex_replace(untitled, ' (?:jr|sr|ii|iii|phd|mbe|obe|esq)+ $') ~ ')' -%}
    case
        when {{ regex_matches(text, '^[A-Za-z]+$') }} and lower({{ text }}) not in ({{ name_stand_ins() }})
            then lower({{ text }})
        when {{ plain }} not in ('', {{ name_stand_ins() }}) then {{ plain }}
    end
{%- endmacro %}

{% macro honorifics() -%}
    {{ return([
        'mr', 'mrs', 'ms', 'miss', 'mx', 'dr', 'prof', 'sir', 'dame', 'rev', 'herr', 'frau', 'mme', 'mlle', 'monsieur',
        'madame', 'sra', 'srta', 'pan', 'pani'
    ]) }}
{%- endmacro %}

{% macro name_stand_ins() -%}
    'na', 'n a', 'none', 'null', 'unknown', 'guest', 'customer', 'test', 'anonymous', 'not given', 'xx', 'xxx'
{%- endmacro %}

{#- `Smith, Anna` → `Anna Smith`; anything else as it is. -#}
{% macro given_name_first(text) -%}
    case
        when {{ regex_matches(text, '^[^,]+, *[^,]+$') }}
            then trim(split_part({{ text }}, ',', 2)) || ' ' || trim(split_part({{ text }}, ',', 1))
        else {{ text }}
    end
{%- endmacro %}

{#- The given part of a full name: all but the family part; the whole of a single word. -#}
{% macro given_name(text) -%}
    nullif(trim({{ regex_replace(text, family_name_pattern()) }}), '')
{%- endmacro %}

{#- The family part of a full name: the last word with its particles (`van der Berg`); null for a single word. -#}
{% macro family_name(text) -%}
    nullif(trim({{ regex_extract(text, '(' ~ family_name_pattern() ~ ')') }}), '')
{%- endmacro %}

{% macro family_name_pattern() -%}
    (?: (?:[Vv]an|[Vv]on|[Dd]er|[Dd]en|[Dd]e|[Dd]el|[Dd]i|[Dd]a|[Dd]u|[Ll]a|[Ll]e|[Bb]in|[Aa]l|[Ss]t|[Ss]t[.]))* [^ ]+$
{%- endmacro %}

{#- Upper case without spaces, dots and dashes, so that `eh1 1aa` and `EH1 1AA` agree. -#}
{% macro standardise_postcode(text) -%}
    {{ adapter.dispatch('standardise_postcode', 'cdp')(text) }}
{%- endmacro %}

{% macro default__standardise_postcode(text) -%}
    nullif({{ regex_replace('upper(' ~ text ~ ')', "[ '.-]") }}, '')
{%- endmacro %}

{#- ISO 3166 two-letter code from a code or a name; null when it is neither. -#}
{% macro standardise_country(text) -%}
    {{ adapter.dispatch('standardise_country', 'cdp')(text) }}
{%- endmacro %}

{% macro default__standardise_country(text) -%}
    case lower(trim({{ text }}))
        {%- for code, names in country_names().items() %}
        {%- for name in names %}
        when '{{ name }}' then '{{ code }}'
        {%- endfor %}
        {%- endfor %}
        else case when {{ regex_matches('trim(' ~ text ~ ')', '^[A-Za-z]{2}$') }} then upper(trim({{ text }})) end
    end
{%- endmacro %}

{% macro country_names() -%}
    {{ return({
        'GB': ['uk', 'u.k.', 'gbr', 'united kingdom', 'great britain', 'england', 'scotland', 'wales',
               'northern ireland'],
        'FR': ['fra', 'france'], 'DE': ['deu', 'germany', 'deutschland'], 'ES': ['esp', 'spain', 'españa', 'espana'],
        'PL': ['pol', 'poland', 'polska'], 'GR': ['grc', 'greece', 'ελλάδα', 'hellas', 'el'],
        'UA': ['ukr', 'ukraine', 'україна'], 'JP': ['jpn', 'japan', '日本'],
        'IE': ['irl', 'ireland', 'éire', 'eire'],
        'IT': ['ita', 'italy', 'italia'], 'NL': ['nld', 'netherlands', 'the netherlands', 'nederland', 'holland'],
        'BE': ['bel', 'belgium', 'belgique', 'belgië'], 'AT': ['aut', 'austria', 'österreich'],
        'CH': ['che', 'switzerland', 'schweiz', 'suisse'], 'PT': ['prt', 'portugal'],
        'SE': ['swe', 'sweden', 'sverige'], 'DK': ['dnk', 'denmark', 'danmark'], 'NO': ['nor', 'norway', 'norge'], 'FI': ['fin', 'finland', 'suomi'],
        'CZ': ['cze', 'czechia', 'czech republic'], 'US': ['usa', 'u.s.', 'united states', 'united states of america'],
        'CA': ['can', 'canada'], 'AU': ['aus', 'australia'], 'NZ': ['nzl', 'new zealand'], 'IN': ['ind', 'india'],
        'CN': ['chn', 'china'], 'BR': ['bra', 'brazil', 'brasil'], 'TR': ['tur', 'turkey', 'türkiye'],
        'RO': ['rou', 'romania', 'românia'], 'HU': ['hun', 'hungary', 'magyarország'], 'KR': ['kor', 'south korea']
    }) }}
{%- endmacro %}
