{#-
    What a value must look like before two sources can be compared, each macro from a text column to a standard text or
    null; `…_problem` says why it is null. Pass a column, not an expression: it is repeated in the SQL. The embedded engine
    asks real libraries (`warehouse/functions/`, docs/standardising.md); elsewhere the SQL below comes near.
-#}

{#- Text as a person typed it, without the quirks of exports: surrounding blanks, Excel's leading apostrophe. -#}
{% macro clean_text(text) -%}
    nullif({{ regex_replace(text, "^[ ']+| +$") }}, '')
{%- endmacro %}

{#- Lower-case address, or null when it could not be delivered to. -#}
{% macro standardise_email(text) -%}
    {{ adapter.dispatch('standardise_email', 'cdp')(text) }}
{%- endmacro %}

{% macro duckdb__standardise_email(text) -%}
    cdp_email({{ text }}).address
{%- endmacro %}

{% macro default__standardise_email(text) -%}
    case
        when {{ regex_matches('lower(' ~ text ~ ')', email_pattern()) }} and {{ text }} not like '%..%'
            then {{ regex_replace(
                'lower(' ~ text ~ ')', '^[^a-z0-9_]*(?:mailto:)?|[^a-z]+$'
            ) }}
    end
{%- endmacro %}

{#- The mailbox behind an address, for comparing: without the tags and dots that its provider ignores. -#}
{% macro canonical_email(text) -%}
    {{ adapter.dispatch('canonical_email', 'cdp')(text) }}
{%- endmacro %}

{% macro duckdb__canonical_email(text) -%}
    cdp_email({{ text }}).canonical
{%- endmacro %}

{% macro default__canonical_email(text) -%}
    {{ standardise_email(text) }}
{%- endmacro %}

{#- Why a text holds no email address; null when it does, and when there is no text. -#}
{% macro email_problem(text) -%}
    {{ adapter.dispatch('email_problem', 'cdp')(text) }}
{%- endmacro %}

{% macro duckdb__email_problem(text) -%}
    cdp_email({{ text }}).problem
{%- endmacro %}

{% macro default__email_problem(text) -%}
    case when {{ clean_text(text) }} is not null and {{ standardise_email(text) }} is null then 'not valid' end
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

{#- The given part of a full name, middle names with it; the whole of a single word. -#}
{% macro given_name(text) -%}
    {{ adapter.dispatch('given_name', 'cdp')(text) }}
{%- endmacro %}

{% macro duckdb__given_name(text) -%}
    nullif(concat_ws(' ', cdp_name({{ text }}).given, cdp_name({{ text }}).middle), '')
{%- endmacro %}

{% macro default__given_name(text) -%}
    nullif(trim({{ regex_replace(text, family_name_pattern()) }}), '')
{%- endmacro %}

{#- The family part of a full name: the last word with its particles (`van der Berg`); null for a single word. -#}
{% macro family_name(text) -%}
    {{ adapter.dispatch('family_name', 'cdp')(text) }}
{%- endmacro %}

{% macro duckdb__family_name(text) -%}
    cdp_name({{ text }}).family
{%- endmacro %}

{% macro default__family_name(text) -%}
    nullif(trim({{ regex_extract(text, '(' ~ family_name_pattern() ~ ')') }}), '')
{%- endmacro %}

{% macro family_name_pattern() -%}
    (?: (?:[Vv]an|[Vv]on|[Dd]er|[Dd]en|[Dd]e|[Dd]el|[Dd]i|[Dd]a|[Dd]u|[Ll]a|[Ll]e|[Bb]in|[Aa]l|[Ss]t|[Ss]t[.]))* [^ ]+$
{%- endmacro %}

{#- ISO 3166 two-letter code from a code or a name; null when it is neither. -#}
{% macro standardise_country(text) -%}
    {{ adapter.dispatch('standardise_country', 'cdp')(text) }}
{%- endmacro %}

{% macro duckdb__standardise_country(text) -%}
    cdp_country({{ text }})
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

{#- Why a text names no country; null when it does, and when there is no text. -#}
{% macro country_problem(text) -%}
    case when {{ clean_text(text) }} is not null and {{ standardise_country(text) }} is null then 'no known country' end
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

{#- ISO 4217 code from a code or a symbol; a bare `$` is the shop's own dollar, else the American. Null when neither. -#}
{% macro standardise_currency(text) -%}
    {%- set dollars = ['USD', 'CAD', 'AUD', 'NZD', 'SGD', 'HKD', 'TWD'] -%}
    {%- set shop = var('shop_currency', 'GBP') -%}
    case upper(trim({{ text }}))
        when '$' then '{{ shop if shop in dollars else "USD" }}'
        {%- for symbol, code in {
            '£': 'GBP', '€': 'EUR', '¥': 'JPY', '₹': 'INR', '₩': 'KRW', '₺': 'TRY', '₴': 'UAH', '₽': 'RUB', '₪': 'ILS', '₫': 'VND',
            '฿': 'THB', '₱': 'PHP', '₦': 'NGN', 'ZŁ': 'PLN', 'KČ': 'CZK', 'FT': 'HUF', 'US$': 'USD', 'CA$': 'CAD', 'C$': 'CAD',
            'A$': 'AUD', 'AU$': 'AUD', 'NZ$': 'NZD', 'HK$': 'HKD', 'S$': 'SGD', 'R$': 'BRL', 'EURO': 'EUR', 'EUROS': 'EUR'
        }.items() %}
        when '{{ symbol }}' then '{{ code }}'
        {%- endfor %}
        else case when upper(trim({{ text }})) in ('{{ currency_codes().split() | join("', '") }}') then upper(trim({{ text }})) end
    end
{%- endmacro %}

{#- ISO 4217, money in use (no funds, metals or test codes). -#}
{% macro currency_codes() -%}
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
    COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS
    INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP
    MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR
    SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND
    VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
{%- endmacro %}

{#- One of the values that are allowed, or null. `allowed`: a list, or {value: [other spellings]}; case does not matter. -#}
{% macro standardise_category(text, allowed) -%}
    case lower(trim({{ text }}))
        {%- for value in allowed %}
        {%- for spelling in [value] + (allowed[value] if allowed is mapping else []) %}
        when '{{ spelling | lower | replace("'", "''") }}' then '{{ value | replace("'", "''") }}'
        {%- endfor %}
        {%- endfor %}
    end
{%- endmacro %}

{#- Why a text is none of the allowed values; null when it is, and when there is no text. -#}
{% macro category_problem(text, allowed) -%}
    case when {{ clean_text(text) }} is not null and {{ standardise_category(text, allowed) }} is null then 'not one of the values' end
{%- endmacro %}
