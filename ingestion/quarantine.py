"""Typed columns put to the test: rows of this load with a value of another type leave the raw table for the rejects.

What counts as a value of a type is in `checks.py`; rows that cannot be read at all are found by the formats.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from ingestion.checks import as_instant, describe, is_wrong, typed_columns
from ingestion.declarations import Column, Table
from ingestion.errors import ColumnRetyped
from ingestion.feeds import Feed, Reject
from ingestion.landing import Delivery
from ingestion.naming import literal, quoted

# from this many wrong values on, a column in which most are wrong has another type; below, rows are rejected
RETYPED_FROM = 20


@dataclass(frozen=True)
class Judgement:
    """The rows that were taken out, and the first and last event of the load (naive UTC) where a column tells."""

    rejects: list[Reject]
    min_event_at: datetime | None = None
    max_event_at: datetime | None = None


def take_out_mistyped(
    connection: duckdb.DuckDBPyConnection,
    delivery: Delivery,
    feed: Feed,
    load_id: int,
    *,
    is_whole_file: bool = True,
) -> Judgement:
    """Remove this load's rows with a value that is not of its column's type, and return them as rejects.

    Raises ColumnRetyped when most values of a column are of another type: then the file, not the row, is wrong
    (unless only some of its rows, rejected before, are judged again).
    """
    columns = typed_columns(delivery.table, feed.columns)
    if not columns:
        return Judgement([])
    decimal = delivery.table.csv.decimal
    record = _is_record(delivery.table)
    wrong = {name: f"({record} and {is_wrong(name, column, decimal)})" for name, column in columns.items()}
    table = f"raw.{quoted(delivery.raw_table)}"
    event = _event(delivery, columns)
    counts = ", ".join(f"count(*) filter ({test}), count({quoted(name)})" for name, test in wrong.items())
    # one pass over the load for everything
    first, last, *found = connection.execute(
        f"select min({event}), max({event}), {counts} from {table} where _load_id = {load_id}"
    ).fetchall()[0]
    bad, filled = dict(zip(wrong, found[::2], strict=True)), dict(zip(wrong, found[1::2], strict=True))
    if is_whole_file:
        for name in (name for name in wrong if bad[name] >= RETYPED_FROM and bad[name] > filled[name] / 2):
            sample = (
                f"select any_value({quoted(name)}) from {table} where _load_id = {load_id} and {wrong[name]}"
            )
            (value,) = connection.execute(sample).fetchall()[0]
            raise _retyped(delivery, columns[name], bad[name], filled[name], value)
    rejects = _take_out(connection, table, load_id, feed, columns, wrong) if any(bad.values()) else []
    return Judgement(rejects, first, last)


def _is_record(table: Table) -> str:
    """SQL that is false for the rows that `leave_out` names: raw keeps a `Total` below the data, whatever it holds."""
    tests = [
        f"coalesce({quoted(table.raw_name(name))}, '') not in ({', '.join(map(literal, values))})"
        for name, values in table.leave_out.items()
    ]
    return " and ".join(tests) or "true"


def _event(delivery: Delivery, columns: dict[str, Column]) -> str:
    """SQL for the time of a row: the cursor, or else the first date or timestamp; NULL where there is none."""
    timed = [name for name, column in columns.items() if column.type in ("date", "timestamp")]
    cursor = delivery.table.cursor and delivery.table.raw_name(delivery.table.cursor)
    name = cursor if cursor in timed else next(iter(timed), None)
    return as_instant(name, columns[name]) if name else "null::timestamp"


def _take_out(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    load_id: int,
    feed: Feed,
    columns: dict[str, Column],
    wrong: dict[str, str],
) -> list[Reject]:
    condition = f"_load_id = {load_id} and ({' or '.join(wrong.values())})"
    names = " ".join(f"when {test} then {literal(name)}" for name, test in wrong.items())
    values = " ".join(f"when {test} then {quoted(name)}" for name, test in wrong.items())
    rows = connection.execute(
        f"select _row, case {names} end, case {values} end from {table} where {condition} order by _row"
    ).fetchall()
    connection.execute(f"delete from {table} where {condition}")
    originals = feed.originals({row for row, _, _ in rows})
    return [_reject(row, columns[name], value, originals[row]) for row, name, value in rows]


def _retyped(delivery: Delivery, column: Column, bad: int, filled: int, value: str) -> ColumnRetyped:
    return ColumnRetyped(
        f"has a column {column.name!r} in which {bad} of {filled} values are not {describe(column)}. "
        f"Export it as before, or correct the column's `type` in {delivery.source.name}.yml.",
        column=delivery.table.raw_name(column.name),
        expected=describe(column),
        found=f"{bad} of {filled} values such as {_shown(value)}",
    )


def _shown(value: str) -> str:
    return repr(value if len(value) <= 60 else f"{value[:57]}…")


def _reject(row: int, column: Column, value: str, original: tuple[int | None, str]) -> Reject:
    return Reject(row, original[0], column.name, f"{_shown(value)} is not {describe(column)}", original[1])
