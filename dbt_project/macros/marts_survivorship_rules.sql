{#-
    The declared rules of survivorship (var `survivorship`), checked: how the value of each attribute of the golden record
    is chosen. What a rule looks at is a column of int_customer__stated_values, named in marts_survivorship_keys.
-#}

{#- What can be declared, in the order of the profile. A new attribute also needs its select in int_customer__stated_values. -#}
{% macro marts_attribute_names() -%}
    {{ return(
        ['name', 'email', 'phone', 'address', 'country', 'birth_date', 'birthday', 'company', 'language']
    ) }}
{%- endmacro %}

{#- Strategy → the column that decides and whether large is good. -#}
{% macro marts_survivorship_keys() -%}
    {{ return({
        'usable': ('is_usable', 'desc'),
        'whole': ('is_whole', 'desc'),
        'most_trusted_source': ('trust', 'asc'),
        'most_recent': ('seen_at', 'desc'),
        'most_frequent': ('frequency', 'desc'),
        'verified_first': ('verification', 'desc'),
    }) }}
{%- endmacro %}

{% macro marts_strategy_names() -%}
    {{ return(['most_trusted_source', 'most_recent', 'most_frequent', 'verified_first']) }}
{%- endmacro %}

{#- Attribute → {keys: what decides, first to last; sources: the order of trust}. Raises a compile error that names what
    is wrong and what was meant. -#}
{% macro marts_survivorship_rules() -%}
    {%- set declared = var('survivorship') -%}
    {%- set rules = {} -%}
    {%- for attribute in declared if attribute not in marts_attribute_names() -%}
        {{ marts_unknown('attribute', attribute, marts_attribute_names()) }}
    {%- endfor -%}
    {%- for attribute in marts_attribute_names() -%}
        {%- if attribute not in declared -%}
            {{ exceptions.raise_compiler_error(
                "dbt_project.yml, vars, survivorship: '" ~ attribute ~ "' has no rule. Add for example `" ~ attribute
                ~ ": {strategy: most_trusted_source}`."
            ) }}
        {%- endif -%}
        {%- set rule = declared[attribute] -%}
        {%- if rule is not mapping or 'strategy' not in rule -%}
            {{ exceptions.raise_compiler_error(
                "dbt_project.yml, vars, survivorship, " ~ attribute ~ ": no strategy. Write `" ~ attribute
                ~ ": {strategy: most_trusted_source}`; there are " ~ marts_strategy_names() | join(', ') ~ "."
            ) }}
        {%- endif -%}
        {%- for key in rule if key not in ['strategy', 'then', 'sources'] -%}
            {{ marts_unknown('key of ' ~ attribute, key, ['strategy', 'then', 'sources']) }}
        {%- endfor -%}
        {%- set keys = [rule.strategy] + rule.get('then', ['most_trusted_source', 'most_recent']) -%}
        {%- for strategy in keys if strategy not in marts_strategy_names() -%}
            {{ marts_unknown('strategy of ' ~ attribute, strategy, marts_strategy_names()) }}
        {%- endfor -%}
        {%- for source in rule.get('sources', []) if source not in var('survivorship_sources') -%}
            {{ marts_unknown('source of ' ~ attribute, source, var('survivorship_sources')) }}
        {%- endfor -%}
        {%- do rules.update({attribute: {
            'keys': ['usable', 'whole'] + keys | unique | list,
            'keys_count': 2 + keys | unique | list | length,
            'sources': rule.get('sources', var('survivorship_sources')),
        }}) -%}
    {%- endfor -%}
    {{ return(rules) }}
{%- endmacro %}

{% macro marts_unknown(kind, name, known) -%}
    {{ exceptions.raise_compiler_error(
        "dbt_project.yml, vars, survivorship: there is no " ~ kind ~ " '" ~ name ~ "'. Did you mean '"
        ~ marts_nearest(name, known) ~ "'? There are " ~ known | join(', ') ~ "."
    ) }}
{%- endmacro %}

{#- The known name that shares most pairs of neighbouring letters with `name` (Dice's coefficient). -#}
{% macro marts_nearest(name, known) -%}
    {%- set best = namespace(name=known[0], score=-1) -%}
    {%- for candidate in known -%}
        {%- set shared = namespace(count=0) -%}
        {%- for place in range(name | string | length - 1) if (name | string)[place:place + 2] in candidate -%}
            {%- set shared.count = shared.count + 1 -%}
        {%- endfor -%}
        {%- set score = shared.count / (name | string | length + candidate | length) -%}
        {%- if score > best.score -%}
            {%- set best.name, best.score = candidate, score -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(best.name) }}
{%- endmacro %}

{#- Place of a record's source in an attribute's order of trust. -#}
{% macro marts_attribute_trust(attribute, source) -%}
    {{ adapter.dispatch('marts_attribute_trust', 'cdp')(attribute, source) }}
{%- endmacro %}

{% macro default__marts_attribute_trust(attribute, source) -%}
    {{ marts_trust_place(source, marts_survivorship_rules()[attribute].sources) }}
{%- endmacro %}

{#- The records of every attribute in order of survival, the winner first. -#}
{% macro marts_survival_order() -%}
    {{ adapter.dispatch('marts_survival_order', 'cdp')() }}
{%- endmacro %}

{% macro default__marts_survival_order() -%}
    {%- set columns = marts_survivorship_keys() -%}
    {%- set rules = marts_survivorship_rules() -%}
    {%- set places = rules.values() | map(attribute='keys_count') | max %}
    {%- for place in range(places) %}
    case attribute
        {%- for attribute, rule in rules.items() if rule['keys'] | length > place %}
        {%- set column, direction = columns[rule['keys'][place]] %}
        when '{{ attribute }}' then {{ '-' if direction == 'desc' }}{{ marts_as_number(column) }}
        {%- endfor %}
    end asc nulls last,
    {%- endfor %}
    record_id asc
{%- endmacro %}

{#- The key columns have several types, and one `case` has one. -#}
{% macro marts_as_number(column) -%}
    {%- if column == 'seen_at' -%}
        cast({{ dbt.datediff("timestamp '1970-01-01 00:00:00'", 'seen_at', 'second') }} as double)
    {%- elif column.startswith('is_') -%}
        case when {{ column }} then 1.0 else 0.0 end
    {%- else -%}
        cast({{ column }} as double)
    {%- endif -%}
{%- endmacro %}

{#- Which key tells a value from the one it was compared with (columns `other_…`); null when none does. -#}
{% macro marts_deciding_key() -%}
    {{ adapter.dispatch('marts_deciding_key', 'cdp')() }}
{%- endmacro %}

{% macro default__marts_deciding_key() -%}
    {%- set columns = marts_survivorship_keys() -%}
    case attribute
        {%- for attribute, rule in marts_survivorship_rules().items() %}
        when '{{ attribute }}' then case
            {%- for key in rule['keys'] %}
            when {{ columns[key][0] }} is distinct from other_{{ columns[key][0] }} then '{{ key }}'
            {%- endfor %}
        end
        {%- endfor %}
    end
{%- endmacro %}

{#- Why a value won or lost, for a person to read; it repeats no value. -#}
{% macro marts_survival_sentence() -%}
    case
        when not is_usable then 'Never used: it stands for nobody in particular (a placeholder or a shared value).'
        when is_current and other_record_id is null then 'The only value there is.'
        when is_current then 'Won: ' || case decided_by
            when 'usable' then 'the other values stand for nobody in particular'
            when 'whole' then 'the other values are incomplete'
            when 'most_trusted_source' then decided.source || ' is trusted more than ' || other_source
            when 'most_recent'
                then 'stated most recently' || coalesce(', on ' || {{ marts_date_text('seen_at') }}, '')
            when 'most_frequent' then 'it stands in ' || {{ marts_count_text('frequency', 'record') }}
                || ', the next in ' || cast(other_frequency as varchar)
            when 'verified_first' then {{ marts_verification_text('verification') }}
            else 'equal in everything to the next, and first in order of the records'
        end || '.'
        else 'Lost: ' || case decided_by
            when 'whole' then 'another value is complete'
            when 'most_trusted_source'
                then 'another value is from ' || other_source || ', trusted more than ' || decided.source
            when 'most_recent' then 'another value was stated more recently'
                || coalesce(', on ' || {{ marts_date_text('other_seen_at') }}, '')
            when 'most_frequent' then 'another value stands in ' || {{ marts_count_text('other_frequency', 'record') }}
                || ', this in ' || cast(frequency as varchar)
            when 'verified_first' then {{ marts_verification_text('verification') }} || ', and of another value '
                || {{ marts_verification_text('other_verification') }}
            else 'equal in everything to the winner, and later in order of the records'
        end || '.'
    end
{%- endmacro %}

{% macro marts_verification_text(verification) -%}
    case {{ verification }}
        when 2 then 'it is known to be read (confirmed, opened or clicked)'
        when 1 then 'it was never checked'
        else 'mail to it is known not to arrive'
    end
{%- endmacro %}
