"""Rows that a table with keys has already: found by key and content, and not stored again.

Which of several versions counts is the same rule here and in the macro `newest_version`: by the date of the delivery,
then by load, then by position in the file; with a cursor declared, by the cursor before all these.
"""

from __future__ import annotations

import duckdb

from ingestion.declarations import Table
from ingestion.ledger import LedgerKey
from ingestion.naming import literal, quoted
from ingestion.raw_tables import data_columns, has_other_rows

UNCHANGED_TABLE = "ingestion_unchanged_keys"


def key_text(columns: list[str], prefix: str = "") -> str:
    """SQL for a key as one text, NULL where a part is: parts are joined by bars, a bar within a part has a backslash."""
    names = [f"{prefix}{quoted(column)}" for column in columns]
    if len(names) == 1:
        return names[0]
    return " || '|' || ".join(rf"replace(replace({name}, '\', '\\'), '|', '\|')" for name in names)


def find_unchanged(
    connection: duckdb.DuckDBPyConnection, key: LedgerKey, load_id: int, delivered: list[str]
) -> bool:
    """Note (in a temporary table) the keys whose rows in this load are those that were in force.

    False when no key of this load came before: then nothing is noted.

    In force is what the newest load up to this delivery's date brought for the key. A key's rows in one file count
    together: the lines of an order are unchanged when no line is. With a cursor only equal cursors are compared; a
    row with another one is new by itself. Contents are compared by a 64-bit hash of all delivered columns (for JSON,
    where a missing key means an empty value, of all columns).
    """
    table = key.delivery.table
    if not table.keys or not _has_known_keys(connection, key, load_id):
        return False
    keys = ", ".join(map(quoted, version_columns(table)))
    columns = compared_columns(connection, key, delivered)
    rows = f"raw.{quoted(key.delivery.raw_table)}"
    # a single hash over many columns keeps the order of columns and tells NULL from empty
    content = f"count(*) as line_count, sum(hash({', '.join(map(quoted, sorted(columns)))})) as content"
    at = f"timestamp {literal(str(key.delivered_at))}"
    connection.execute(
        f"""
        create or replace temporary table {UNCHANGED_TABLE} as
        with brought as (select {keys}, {content} from {rows} where _load_id = {load_id} group by all),
        known as (
            select {keys}, _delivered_at, _load_id, {content} from {rows} as known
            where (_delivered_at < {at} or (_delivered_at = {at} and _load_id < {load_id}))
                and exists (from brought where {_same(table, "brought", "known")})
            group by all
        ),
        in_force as (
            select {keys}, max_by(row(line_count, content), row(_delivered_at, _load_id)) as last
            from known group by all
        )
        select {", ".join(f"brought.{quoted(name)}" for name in version_columns(table))}
        from brought join in_force on {_same(table, "brought", "in_force")}
            and last = row(brought.line_count, brought.content)
        """
    )
    return True


def compared_columns(
    connection: duckdb.DuckDBPyConnection, key: LedgerKey, delivered: list[str]
) -> list[str]:
    """The columns in which two versions differ when they are two."""
    return data_columns(connection, key.delivery.raw_table) if key.delivery.table.is_json else delivered


def _has_known_keys(connection: duckdb.DuckDBPyConnection, key: LedgerKey, load_id: int) -> bool:
    """True when a key of this load came before. A first load, or a file of new events, need not be compared."""
    rows = f"raw.{quoted(key.delivery.raw_table)}"
    if not has_other_rows(connection, key.delivery.raw_table, load_id):
        return False
    names = ", ".join(map(quoted, version_columns(key.delivery.table)))
    known = connection.execute(
        f"select 1 from (select {names} from {rows} where _load_id <> {load_id}) as known "
        f"where exists (from (select {names} from {rows} where _load_id = {load_id}) as brought "
        f"where {_same(key.delivery.table, 'brought', 'known')}) limit 1"
    )
    return known.fetchone() is not None


def take_out_unchanged(connection: duckdb.DuckDBPyConnection, key: LedgerKey, load_id: int) -> int:
    """Remove this load's rows of the noted keys from the raw table; returns how many rows they were."""
    (taken,) = connection.execute(
        f"delete from raw.{quoted(key.delivery.raw_table)} as rows where _load_id = {load_id} "
        f"and exists (from {UNCHANGED_TABLE} as noted where {_same(key.delivery.table, 'noted', 'rows')})"
    ).fetchall()[0]
    return int(taken)


def version_columns(table: Table) -> list[str]:
    """The columns in which two versions of a row agree when they may be the same version."""
    cursor = [table.raw_name(table.cursor)] if table.cursor else []
    return list(dict.fromkeys([*table.raw_keys, *cursor]))


def _same(table: Table, one: str, other: str) -> str:
    return " and ".join(
        f"{one}.{quoted(name)} is not distinct from {other}.{quoted(name)}" for name in version_columns(table)
    )
