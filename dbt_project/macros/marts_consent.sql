{#- The consent rule, written once. The statement with the newest effective_at decides; on a tie the denial does.
    A denial without a date cannot be shown to be older than any grant, so it counts as newest. A grant counts at its
    date only if it was an act of the person (an opt-in); a flag that an export merely repeats is older than any denial. -#}
{% macro marts_consent_weight() -%}
    case
        when status = 'denied' then coalesce(stated_at, timestamp '9999-12-31 00:00:00')
        when is_opt_in then coalesce(stated_at, timestamp '0001-01-01 00:00:00')
        else timestamp '0001-01-01 00:00:00'
    end
{%- endmacro %}

{#- The full order of statements, deciding one first: ties are broken down to the text, so a run never chooses differently. -#}
{% macro marts_consent_order() -%}
    effective_at desc, case when status = 'denied' then 0 else 1 end asc, stated_at desc nulls last, source asc, proof asc
{%- endmacro %}
