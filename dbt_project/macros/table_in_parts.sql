{#-
    A table that is filled part after part, for what would not fit into the engine's memory at once. Where the model says
    `each_part(query)`, it means all that the query gives; this materialisation puts in one of it at a time. Elsewhere
    than in DuckDB it is a table as any other.
-#}
{% macro each_part(query) -%}
    (/* each part */ {{ query }} /* each part */)
{%- endmacro %}


{% materialization table_in_parts, adapter='duckdb' %}
    {%- set pieces = compiled_code.split('/* each part */') -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set intermediate = make_intermediate_relation(target_relation) -%}
    {%- set backup = make_backup_relation(target_relation, 'table' if existing is none else existing.type) -%}
    {{ drop_relation_if_exists(load_cached_relation(intermediate)) }}
    {{ drop_relation_if_exists(load_cached_relation(backup)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {#- the columns with their types, and no rows: the contract is checked here -#}
    {%- call statement('main') -%}
        {{ create_table_as(False, intermediate, _with_part(pieces, 'null')) }}
    {%- endcall -%}
    {%- set parts = run_query('select distinct cast(part as varchar) from (' ~ pieces[1] ~ ') as parts(part) order by 1') -%}
    {%- for part in parts.columns[0].values() -%}
        {%- call statement('part') -%}
            insert into {{ intermediate }} {{ _with_part(pieces, "'" ~ part ~ "'") }}
        {%- endcall -%}
    {%- endfor -%}

    {%- if existing is not none -%}
        {{ adapter.rename_relation(existing, backup) }}
    {%- endif -%}
    {{ adapter.rename_relation(intermediate, target_relation) }}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do persist_docs(target_relation, model) -%}
    {{ adapter.commit() }}
    {{ drop_relation_if_exists(backup) }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% materialization table_in_parts, default %}
    {{ return(materialization_table_default()) }}
{% endmaterialization %}


{#- `pieces` alternate between the model's own text and the query for its parts. -#}
{% macro _with_part(pieces, part) -%}
    {%- for piece in pieces -%}
        {{ part if loop.index0 % 2 else piece }}
    {%- endfor -%}
{%- endmacro %}
