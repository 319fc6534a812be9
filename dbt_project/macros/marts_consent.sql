{#- The consent rule, written once: the order of statements, the deciding one first.
    The newest statement decides; on a tie the denial does. A denial without a date cannot be shown to be older than any
    grant, so it counts as newest. A grant counts at its date only if it was an act of the person (an opt-in) that is not
    yet to come; a flag that an export merely repeats is older than any denial. Further ties are broken down to the text,
    so that no run chooses differently from the last. -#}
{% macro marts_consent_order() -%}
    case
        when status = 'denied' then coalesce(stated_at, timestamp '9999-12-31 00:00:00')
        when {{ marts_consent_counts() }} then stated_at
        else timestamp '0001-01-01 00:00:00'
    end desc,
    case when status = 'denied' then 0 else 1 end asc,
    stated_at desc nulls last,
    source asc,
    proof asc
{%- endmacro %}

{#- Whether a grant counts at its date. A day is left for clocks and time zones; what lies beyond is a slip of the pen, and
    would be newer than whatever the person says until then. -#}
{% macro marts_consent_counts() -%}
    is_opt_in and stated_at <= {{ as_of() }} + interval '1' day
{%- endmacro %}

{#- Whether silence is enough for a purpose and channel in a country (var consent_opt_out_countries), as a condition. -#}
{% macro marts_consent_opt_out_rule(purpose, channel, country) -%}
    coalesce({{ purpose }} || ' ' || {{ channel }} || ' ' || {{ country }} in (
        {%- for rule in var('consent_opt_out_countries') -%}
            '{{ rule[0] }} {{ rule[1] }} {{ rule[2] | upper }}', {# -#}
        {%- endfor -%}
        'nowhere'
    ), false)
{%- endmacro %}
