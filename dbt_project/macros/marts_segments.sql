{#- The people a sync or a channel may address in a segment: released, not held out, and where `group` names a group of
    vars `priority_groups`, only those for whom this segment comes first in it. To be used as `from {{ … }}`. The
    segment's own model is named so that lineage, and what holds a sync, lead to it. -#}
{% macro marts_segment_members(segment, group=none) -%}
    {%- set definition = ref('segment_' ~ segment) -%}
    (
        select
            members.customer_id,
            members.reason,
            members.entered_at
        from {{ ref('segment_membership') }} as members
        {%- if group %}
        inner join {{ ref('segment_priorities') }} as priorities
            on
                members.customer_id = priorities.customer_id
                and members.segment_name = priorities.segment_name
                and priorities.group_name = '{{ group }}'
        {%- endif %}
        where members.segment_name = '{{ segment }}' and not members.is_holdout
    )
{%- endmacro %}

{#- A segment of those who are in all of `all_of`, in at least one of `any_of` and in none of `none_of` (names of
    segments): the whole model. The reason is that of the first segment the person is in. -#}
{% macro marts_combined_segment(all_of=[], any_of=[], none_of=[]) -%}
with

{% for name in all_of + any_of + none_of %}
{{ name }} as (

    select
        customer_id,
        reason
    from {{ ref('segment_' ~ name) }}

),
{% endfor %}
{% if any_of %}
any_of as (

    {% for name in any_of %}
    select
        customer_id,
        reason,
        {{ loop.index }} as place
    from {{ name }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

first_of_any as (

    select
        customer_id,
        reason,
        row_number() over (partition by customer_id order by place asc) as reason_order
    from any_of

),
{% endif %}
members as (

    {%- set start = all_of[0] if all_of else 'first_of_any' %}
    select
        {{ start }}.customer_id,
        {{ start }}.reason
    from {{ start }}
    {%- for name in all_of[1:] %}
    inner join {{ name }} on {{ start }}.customer_id = {{ name }}.customer_id
    {%- endfor %}
    {%- if all_of and any_of %}
    inner join first_of_any on {{ start }}.customer_id = first_of_any.customer_id
    {%- endif %}
    {%- for name in none_of %}
    left join {{ name }} as not_{{ name }} on {{ start }}.customer_id = not_{{ name }}.customer_id
    {%- endfor %}
    {%- if any_of or none_of %}
    where
        {%- for name in none_of %}
        not_{{ name }}.customer_id is null
        {{- ' and ' if not loop.last or any_of }}
        {%- endfor %}
        {%- if any_of %}
        first_of_any.reason_order = 1
        {%- endif %}
    {%- endif %}

)

select * from members
{%- endmacro %}

{#- Which segment comes when in each group of vars `priority_groups`: {group, segment, priority}, 1 first. -#}
{% macro marts_priority_claims() -%}
    {%- set groups = var('priority_groups') -%}
    {%- set claims = [] -%}
    {#- the SQL linter has no vars -#}
    {%- for group, segments in (groups if groups is mapping else {'group': ['name']}).items() -%}
        {%- for segment in segments -%}
            {%- do claims.append({'group': group, 'segment': segment, 'priority': loop.index}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(claims) }}
{%- endmacro %}
