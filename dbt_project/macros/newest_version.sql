{#-
    Which rows of a raw table count. Raw appends what changed, so the same order or customer may be there many times:
    the newest is of the newest delivery (a file that comes late is still old), there of the last load, there the last
    row. All of these are relations called newest.
-#}

{#-
    Per key (a list of columns) one row, the newest. Rows without a key are left out. `cursor` is SQL for when a row last
    changed, where the source tells: then it decides before the delivery. `deleted_from` is the name of the raw table
    when its source is declared with `load: replace`: keys that its newest delivery lacks are left out.
-#}
{% macro newest_version(relation, keys, cursor=none, deleted_from=none) -%}
    {{ adapter.dispatch('newest_version', 'cdp')(relation, keys, cursor, deleted_from) }}
{%- endmacro %}

{% macro default__newest_version(relation, keys, cursor=none, deleted_from=none) -%}
    (
        select *
        from (
            select
                *,
                row_number() over (
                    partition by {{ keys | join(', ') }}
                    order by {% if cursor %}{{ cursor }} desc nulls last, {% endif %}_delivered_at desc, _load_id desc, _row desc
                ) as _version
            from {{ relation }}
            where {{ keys | join(' is not null and ') }} is not null
        ) as versions
        where _version = 1 {%- if deleted_from %} and not {{ is_deleted('versions', keys, deleted_from) }}{% endif %}
    ) as newest
{%- endmacro %}

{#- Leaving out the few outdated rows is half the work of ranking all (0.4 against 0.7 CPU-s per 500,000 events). -#}
{% macro duckdb__newest_version(relation, keys, cursor=none, deleted_from=none) -%}
    {#- a row without cursor is the oldest: in a row value, null would be the greatest -#}
    {%- set cursor_rank = cursor ~ ' is not null, ' ~ cursor ~ ', ' if cursor else '' -%}
    {%- set rank = 'row(' ~ cursor_rank ~ '_delivered_at, _load_id, _row)' -%}
    (
        select delivered.*
        from {{ relation }} as delivered
        where {{ keys | join(' is not null and ') }} is not null
            and not exists (
                select 1
                from (
                    select {{ keys | join(', ') }}, max({{ rank }}) as _newest
                    from {{ relation }}
                    group by {{ keys | join(', ') }}
                    having count(*) > 1
                ) as repeated
                where {% for key in keys %}repeated.{{ key }} = delivered.{{ key }} and {% endfor %}
                    repeated._newest <> {{ rank }}
            )
            {%- if deleted_from %} and not {{ is_deleted('delivered', keys, deleted_from) }}{% endif %}
    ) as newest
{%- endmacro %}

{#- Rows without a key of their own (lines of an order): per group, every row of the newest load that has it. -#}
{% macro newest_load(relation, keys) -%}
    {{ adapter.dispatch('newest_load', 'cdp')(relation, keys) }}
{%- endmacro %}

{% macro default__newest_load(relation, keys) -%}
    (
        select *
        from (
            select
                *,
                dense_rank() over (
                    partition by {{ keys | join(', ') }} order by _delivered_at desc, _load_id desc
                ) as _version
            from {{ relation }}
        ) as loads
        where _version = 1
    ) as newest
{%- endmacro %}

{#- The few repeated groups alone are compared: no dearer than ranking by load was (0.43 CPU-s per 500,000 rows). -#}
{% macro duckdb__newest_load(relation, keys) -%}
    (
        select delivered.*
        from {{ relation }} as delivered
        where
            not exists (
                select 1
                from (
                    select {{ keys | join(', ') }}, max(row(_delivered_at, _load_id)) as _newest
                    from {{ relation }}
                    group by {{ keys | join(', ') }}
                    having max(_load_id) > min(_load_id)
                ) as repeated
                where {% for key in keys %}repeated.{{ key }} is not distinct from delivered.{{ key }} and {% endfor %}
                    repeated._newest <> row(delivered._delivered_at, delivered._load_id)
            )
    ) as newest
{%- endmacro %}

{#- SQL that is true for a row whose key vanished with a later delivery of the whole table. -#}
{% macro is_deleted(rows, keys, raw_table) -%}
    exists (
        select 1
        from {{ source('raw', 'deleted_rows') }} as deleted
        where deleted.source || '_' || deleted.table_name = '{{ raw_table }}'
            and deleted.key_text = {{ key_text(keys, rows) }}
            and (
                deleted.delivered_at > {{ rows }}._delivered_at
                or (deleted.delivered_at = {{ rows }}._delivered_at and deleted.deleted_in_load_id >= {{ rows }}._load_id)
            )
    )
{%- endmacro %}

{#- A key as one text, as the loader writes it: parts are joined by bars, a bar within a part has a backslash. -#}
{% macro key_text(keys, rows) -%}
    {%- if keys | length == 1 -%}
        {{ rows }}.{{ keys[0] }}
    {%- else -%}
        {%- for key in keys -%}
            {{ " || '|' || " if not loop.first }}replace(replace({{ rows }}.{{ key }}, '\', '\\'), '|', '\|')
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
