"""Carrying out a version of a definition on the warehouse as it is: what differs or is missing is built as temporary tables.

What came out is compared in `difference` and counted in `preview`; nothing is written to the warehouse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb
from sqlglot import exp

from segments.contracts import PREFIX
from segments.definitions import Definition, parse, relation_of, tables_in
from segments.errors import DefinitionError
from segments.membership import candidates_sql, has_table, missing_columns


def models_to_build(connection: duckdb.DuckDBPyConnection, before: Definition, after: Definition) -> set[str]:
    """Models that differ between the versions, or are in no table yet, and all that read them."""
    names = {
        name
        for name in before.models.keys() | after.models.keys()
        if sql_of(before, name) != sql_of(after, name)
    }
    names |= not_built(connection, before) | not_built(connection, after)
    for definition in (before, after):
        relations = {model.relation: model.name for model in definition.models.values()}
        for model in definition.models.values():  # each stands after those it reads
            if any(relations.get(relation_of(table)) in names for table in tables_in(model.sql)):
                names.add(model.name)
    return names


def carry_out(
    connection: duckdb.DuckDBPyConnection, definition: Definition, names: set[str], version: str
) -> str:
    """Fill temporary table `<version>_members`; returns the SQL of the segment as it was carried out."""
    sql = build(connection, definition, names, version)
    if definition.contract is None:
        raise DefinitionError(
            f"{definition.label}: the segment {definition.segment} has no readable contract."
        )
    table = f'"{version}__model__{PREFIX}{definition.segment}"'
    query = candidates_sql(table, definition.segment, definition.contract)
    connection.execute(f"create or replace temp table {version}_members as {query}")
    return sql


def build(
    connection: duckdb.DuckDBPyConnection, definition: Definition, names: Iterable[str], prefix: str
) -> str:
    """Carry out the named models of a definition as temporary tables; returns the segment's SQL reading them.

    Raises DefinitionError, naming the model, when one does not run.
    """
    wanted, built = set(names), dict[str, str]()
    sql = ""
    for model in definition.models.values():
        is_segment = model.name == PREFIX + definition.segment
        if not is_segment and model.name not in wanted:
            continue
        table = f"{prefix}__model__{model.name}"
        try:
            text = _reading(model.sql, built)
            connection.execute(f'create or replace temp table "{table}" as {text}')
        except (duckdb.Error, DefinitionError) as error:
            raise DefinitionError(
                f"{model.name} ({definition.label}) does not run: {_said(error)}"
            ) from error
        built[model.relation] = table
        sql = text
    if missing := missing_columns(connection, f'"{prefix}__model__{PREFIX}{definition.segment}"'):
        raise DefinitionError(f"{PREFIX}{definition.segment} ({definition.label}): {missing}.")
    return sql


def _said(error: Exception) -> str:
    """What the engine says is wrong and what it would have found, without the place in a query that nobody wrote."""
    said = " ".join(str(error).partition("\n\nLINE ")[0].split()).replace(": : ", ": ")
    if not isinstance(error, duckdb.BinderException | duckdb.CatalogException):
        return f"{said}."
    return f"{said}. If it reads something that the last run did not have yet, `cdp run` builds it."


def not_built(connection: duckdb.DuckDBPyConnection, definition: Definition) -> set[str]:
    """Models of a definition whose table the warehouse does not have."""
    return {m.name for m in definition.models.values() if not has_table(connection, m.relation)}


def sql_of(definition: Definition, name: str) -> str | None:
    """The text of a model in this version, None where it is not part of it."""
    model = definition.models.get(name)
    return model.sql.strip() if model else None


def _reading(sql: str, built: Mapping[str, str]) -> str:
    tree = parse(sql)
    for table in list(tree.find_all(exp.Table)):
        if table.db and relation_of(table) in built:
            alias = table.alias or table.name
            table.replace(exp.to_table(f'"{built[relation_of(table)]}"', alias=alias, dialect="duckdb"))
    return str(tree.sql(dialect="duckdb"))
