"""The ledger `raw.loads`: what was delivered, when, and what became of it.

One row per load, written in the load's own transaction; the raw tables themselves are in `raw_tables.py`, and whether a
content is known already is told in `known_files.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from ingestion.delivery_dates import date_in_name
from ingestion.landing import Delivery, is_delivered
from ingestion.reports import FileResult

LEDGER = """
create schema if not exists raw;
create table if not exists raw.loads (
    load_id bigint, source varchar, table_name varchar, file varchar, file_hash varchar, bytes bigint,
    rows_in_file bigint, rows_loaded bigint, rows_rejected bigint, loaded_at timestamp,
    status varchar, message varchar,
    rows_unchanged bigint, min_event_at timestamp, max_event_at timestamp, delivered_at timestamp,
    compared_to bigint, modified_at timestamp
);
"""
# what ledgers of earlier versions lack
LEDGER_COLUMNS = {
    "rows_unchanged": "bigint",
    "min_event_at": "timestamp",
    "max_event_at": "timestamp",
    "delivered_at": "timestamp",
    "compared_to": "bigint",
    "modified_at": "timestamp",
}


@dataclass(frozen=True)
class LedgerKey:
    """A content that was delivered for a table under a name; `delivered_at` (naive UTC) places it among the others.

    `modified_at` is when the delivered file was written, as far as the system tells.
    """

    delivery: Delivery
    sha256: str | None
    size: int
    delivered_at: datetime
    modified_at: datetime | None = None


def next_load_id(connection: duckdb.DuckDBPyConnection) -> int:
    """One more than the highest id in the ledger."""
    (highest,) = connection.execute("select coalesce(max(load_id), 0) from raw.loads").fetchall()[0]
    return int(highest) + 1


def refusal_id(connection: duckdb.DuckDBPyConnection, key: LedgerKey) -> int:
    """The load id for a refusal: that of the last one, when nothing has come under this name since; else a new one."""
    last = connection.execute(
        "select load_id, status, file_hash from raw.loads where source = ? and table_name = ? and file = ? "
        "order by load_id desc limit 1",
        [key.delivery.source.name, key.delivery.table.name, key.delivery.file],
    ).fetchone()
    return int(last[0]) if last and last[1:] == ("refused", key.sha256) else next_load_id(connection)


def record_load(
    connection: duckdb.DuckDBPyConnection, key: LedgerKey, result: FileResult, loaded_at: datetime
) -> None:
    """Append to the ledger. The same bytes refused once more replace their earlier refusal, so that they count once."""
    delivery = key.delivery
    replaced = connection.execute(
        "delete from raw.loads where status = 'refused' and source = ? and table_name = ? and file = ? "
        "and file_hash is not distinct from ? returning load_id",
        [delivery.source.name, delivery.table.name, delivery.file, key.sha256],
    ).fetchall()
    for (load_id,) in replaced:
        connection.execute("delete from raw.schema_changes where load_id = ?", [load_id])
    row = {
        "load_id": result.load_id,
        "source": delivery.source.name,
        "table_name": delivery.table.name,
        "file": delivery.file,
        "file_hash": key.sha256,
        "bytes": key.size,
        "rows_in_file": result.rows_in_file,
        "rows_loaded": result.rows_loaded,
        "rows_rejected": result.rows_rejected,
        "loaded_at": loaded_at,
        "status": result.status,
        "message": result.message or None,
        "rows_unchanged": result.rows_unchanged,
        "min_event_at": result.min_event_at,
        "max_event_at": result.max_event_at,
        "delivered_at": key.delivered_at,
        "compared_to": next_load_id(connection) - 1,  # all that was there before it
        "modified_at": key.modified_at,
    }
    _append(connection, row)


def _append(connection: duckdb.DuckDBPyConnection, row: Mapping[str, Any]) -> None:
    connection.execute(
        f"insert into raw.loads ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values())
    )


def note_taken_away(
    connection: duckdb.DuckDBPyConnection, landing_dir: Path, source: str, noted_at: datetime
) -> list[str]:
    """Refused files of a source that lie in landing no more get a line `taken away` each; returns their names.

    Somebody took them back: they are a trouble only until the next delivery of their table (see `freshness.py`).
    """
    refused = connection.execute(
        "select table_name, file, delivered_at from raw.loads where source = ? "
        "qualify row_number() over (partition by table_name, file order by load_id desc) = 1 and status = 'refused' "
        "order by load_id",
        [source],
    ).fetchall()
    gone = [row for row in refused if not is_delivered(landing_dir, row[1])]
    for table_name, file, delivered_at in gone:
        row = {
            "load_id": next_load_id(connection),
            "source": source,
            "table_name": table_name,
            "file": file,
            "rows_loaded": 0,
            "rows_rejected": 0,
            "loaded_at": noted_at,
            "status": "taken away",
            "message": f"{file} was refused and then taken away: what it held is not known until the next delivery.",
            "delivered_at": delivered_at,
        }
        _append(connection, row)
    return [file for _, file, _ in gone]


def take_back(connection: duckdb.DuckDBPyConnection, key: LedgerKey, load_id: int) -> None:
    """Remove a load with its rows, rejects and line in the ledger: it is about to be loaded again under its own id."""
    connection.execute(
        f'delete from raw."{key.delivery.raw_table}" where _load_id = ? and _file = ?',
        [load_id, key.delivery.file],
    )
    for table in ("loads", "rejected_rows", "schema_changes"):
        connection.execute(f"delete from raw.{table} where load_id = ?", [load_id])


def date_old_loads(connection: duckdb.DuckDBPyConnection) -> None:
    """Give loads of earlier versions the date that they would get now."""
    undated = connection.execute(
        "select load_id, file, loaded_at from raw.loads where delivered_at is null"
    ).fetchall()
    for load_id, file, loaded_at in undated:
        connection.execute(
            "update raw.loads set delivered_at = ? where load_id = ?",
            [date_in_name(file) or loaded_at, load_id],
        )
