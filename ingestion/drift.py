"""Columns that come, go, or change: a history per raw table, also of what was refused.

What is refused is decided where a file is read; here it is written down, in `raw.schema_changes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import duckdb

from ingestion.errors import ColumnRetyped, FileRefused
from ingestion.landing import Delivery
from ingestion.raw_tables import data_columns
from ingestion.reports import Change, SchemaChange


def find_changes(
    connection: duckdb.DuckDBPyConnection, delivery: Delivery, delivered: Sequence[str]
) -> list[SchemaChange]:
    """How the delivered columns differ from those of the deliveries before; call it before columns are added.

    Each change is told once: a column is `absent` until it has `returned`. In JSON, keys come and go; only new ones
    are told.
    """
    known = data_columns(connection, delivery.raw_table)
    added = [SchemaChange("added", name, None, "a new column") for name in delivered if name not in known]
    if delivery.table.is_json:
        return added
    missed = _absent_so_far(connection, delivery)
    absent = [
        SchemaChange("absent", name, "a column as before", None)
        for name in known
        if name not in delivered and name not in missed
    ]
    returned = [SchemaChange("returned", name, None, "the column") for name in delivered if name in missed]
    return [*added, *absent, *returned]


def refused_change(error: FileRefused) -> SchemaChange | None:
    """The change because of which a file was refused; None when a column was not the reason."""
    if error.column is None:
        return None
    kind: Change = "retyped" if isinstance(error, ColumnRetyped) else "missing"
    return SchemaChange(kind, error.column, error.expected, error.found)


def record_changes(
    connection: duckdb.DuckDBPyConnection,
    delivery: Delivery,
    load_id: int,
    detected_at: datetime,
    changes: Iterable[SchemaChange],
) -> None:
    """Append to `raw.schema_changes`, one row per change."""
    for change in changes:
        connection.execute(
            "insert into raw.schema_changes values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                detected_at,
                load_id,
                delivery.source.name,
                delivery.table.name,
                delivery.file,
                change.change,
                change.column,
                change.expected,
                change.found,
            ],
        )


def _absent_so_far(connection: duckdb.DuckDBPyConnection, delivery: Delivery) -> set[str]:
    found = connection.execute(
        "select column_name from raw.schema_changes where source = ? and table_name = ? "
        "and change in ('absent', 'returned') "
        "qualify row_number() over (partition by column_name order by load_id desc) = 1 and change = 'absent'",
        [delivery.source.name, delivery.table.name],
    ).fetchall()
    return {name for (name,) in found}
