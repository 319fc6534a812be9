{#-
    The rows of a raw table that count: raw appends every load, so per key the row of the newest load, and within
    a load the last one, wins. Use as a relation: `from {% raw %}{{ newest_version(source('raw', 'x'), 'id') }}{% endraw %} as newest`.
-#}
{% macro newest_version(relation, key) -%}
    {{ adapter.dispatch('newest_version', 'cdp')(relation, key) }}
{%- endmacro %}

{% macro default__newest_version(relation, key) -%}
    (
        select *
        from (
            select
                *,
                row_number() over (partition by {{ key }} order by _load_id desc, _row desc) as _version
            from {{ relation }}
        ) as versions
        where _version = 1 and ({{ key | replace(', ', ' || ') }}) is not null
    )
{%- endmacro %}


{#- For tables without a key per row (order lines, till lines): per group, all rows of the newest load that has it. -#}
{% macro newest_load(relation, key) -%}
    (
        select *
        from (
            select
                *,
                max(_load_id) over (partition by {{ key }}) as _newest_load_id
            from {{ relation }}
        ) as loads
        where _load_id = _newest_load_id
    )
{%- endmacro %}
