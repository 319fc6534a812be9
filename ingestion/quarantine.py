"""Typed columns put to the test: rows of this load with a value of another type leave the raw table for the rejects.

What counts as a value of a type is in `checks.py`; rows that cannot be read at all are found by the formats.
"""

from __future__ import annotations

import duckdb

from ingestion.checks import describe, is_wrong, typed_columns
from ingestion.declarations import Column
from ingestion.errors import ColumnRetyped
from ingestion.feeds import Feed, Reject
from ingestion.landing import Delivery
from ingestion.naming import literal, quoted

# from this many wrong values on, a column in which most are wrong has another type; below, rows are rejected
RETYPED_FROM = 20


def take_out_mistyped(
    connection: duckdb.DuckDBPyConnection, delivery: Delivery, feed: Feed, load_id: int
) -> list[Reject]:
    """Remove this load's rows with a value that is not of its column's type, and return them as rejects.

    Raises ColumnRetyped when most values of a column are of another type: then the file, not the row, is wrong.
    """
    columns = typed_columns(delivery.table, feed.columns)
    wrong = {name: is_wrong(name, column) for name, column in columns.items()}
    table = f"raw.{quoted(delivery.raw_table)}"
    if not wrong or not _count_wrong(connection, delivery, table, load_id, columns, wrong):
        return []
    condition = f"_load_id = {load_id} and ({' or '.join(wrong.values())})"
    names = " ".join(f"when {test} then {literal(name)}" for name, test in wrong.items())
    values = " ".join(f"when {test} then {quoted(name)}" for name, test in wrong.items())
    rows = connection.execute(
        f"select _row, case {names} end, case {values} end from {table} where {condition} order by _row"
    ).fetchall()
    connection.execute(f"delete from {table} where {condition}")
    originals = feed.originals({row for row, _, _ in rows})
    return [_reject(row, columns[name], value, originals[row]) for row, name, value in rows]


def _count_wrong(
    connection: duckdb.DuckDBPyConnection,
    delivery: Delivery,
    table: str,
    load_id: int,
    columns: dict[str, Column],
    wrong: dict[str, str],
) -> int:
    counts = ", ".join(f"count(*) filter ({test}), count({quoted(name)})" for name, test in wrong.items())
    found = connection.execute(f"select {counts} from {table} where _load_id = {load_id}").fetchall()[0]
    for column, bad, filled in zip(columns.values(), found[::2], found[1::2], strict=True):
        if bad >= RETYPED_FROM and bad > filled / 2:
            raise ColumnRetyped(
                f"has a column {column.name!r} in which {bad} of {filled} values are not {describe(column)}. "
                f"Export it as before, or correct the column's `type` in {delivery.source.name}.yml."
            )
    return int(sum(found[::2]))


def _reject(row: int, column: Column, value: str, original: tuple[int | None, str]) -> Reject:
    shown = repr(value if len(value) <= 60 else f"{value[:57]}…")
    return Reject(row, original[0], column.name, f"{shown} is not {describe(column)}", original[1])
