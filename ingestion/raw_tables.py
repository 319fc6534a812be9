"""The schema `raw`: one table per declared table, the ledger of loads, and the rows that were rejected.

Everything here runs inside the caller's transaction; nothing reads a delivered file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from ingestion.declarations import Source
from ingestion.feeds import Reject
from ingestion.landing import Delivery
from ingestion.naming import quoted
from ingestion.reports import FileResult

_METADATA = "_file varchar, _row bigint, _load_id bigint"
_REJECTS_VIEW = "ingestion_rejected_rows"

_LEDGER = """
create schema if not exists raw;
create table if not exists raw.loads (
    load_id bigint, source varchar, table_name varchar, file varchar, file_hash varchar, bytes bigint,
    rows_in_file bigint, rows_loaded bigint, rows_rejected bigint, loaded_at timestamp,
    status varchar, message varchar
);
create table if not exists raw.rejected_rows (
    load_id bigint, source varchar, table_name varchar, file varchar, line bigint, column_name varchar,
    reason varchar, original_text varchar
);
"""


@dataclass(frozen=True)
class LedgerKey:
    """What identifies a file's content for a table: the same content is loaded once, whatever its name."""

    delivery: Delivery
    sha256: str | None
    size: int


def prepare_tables(connection: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Create what is missing: ledger, rejects, and every declared table with all its declared columns."""
    connection.execute(_LEDGER)
    for source in sources:
        for table in source.tables:
            name = source.raw_table(table)
            columns = "".join(f"{quoted(column)} varchar, " for column in table.raw_columns)
            connection.execute(f"create table if not exists raw.{quoted(name)} ({columns}{_METADATA})")
            add_columns(connection, name, list(table.raw_columns))


def add_columns(connection: duckdb.DuckDBPyConnection, raw_table: str, columns: Sequence[str]) -> None:
    """Add the columns that the raw table lacks, as text; rows loaded before have NULL there."""
    found = connection.execute(
        "select column_name from duckdb_columns() "
        "where database_name = current_database() and schema_name = 'raw' and table_name = ?",
        [raw_table],
    ).fetchall()
    known = {name for (name,) in found}
    for column in columns:
        if column not in known:
            connection.execute(f"alter table raw.{quoted(raw_table)} add column {quoted(column)} varchar")


def next_load_id(connection: duckdb.DuckDBPyConnection) -> int:
    """One more than the highest id in the ledger."""
    (highest,) = connection.execute("select coalesce(max(load_id), 0) from raw.loads").fetchall()[0]
    return int(highest) + 1


def earlier_load(connection: duckdb.DuckDBPyConnection, key: LedgerKey) -> str | None:
    """The name under which this content was loaded before, or None."""
    found = connection.execute(
        "select file from raw.loads where status = 'loaded' and source = ? and table_name = ? and file_hash = ?",
        [key.delivery.source.name, key.delivery.table.name, key.sha256],
    ).fetchone()
    return str(found[0]) if found else None


def record_rejects(
    connection: duckdb.DuckDBPyConnection, delivery: Delivery, load_id: int, rejects: Sequence[Reject]
) -> None:
    """Append to `raw.rejected_rows`, one row per rejected row of the file."""
    if not rejects:
        return
    batch = pa.table(
        {
            "line": pa.array([reject.line for reject in rejects], pa.int64()),
            "column_name": pa.array([reject.column for reject in rejects], pa.string()),
            "reason": pa.array([reject.reason for reject in rejects], pa.string()),
            "original_text": pa.array([reject.text for reject in rejects], pa.large_string()),
        }
    )
    connection.register(_REJECTS_VIEW, batch)
    connection.execute(
        f"insert into raw.rejected_rows by name "
        f"select ? as load_id, ? as source, ? as table_name, ? as file, * from {_REJECTS_VIEW}",
        [load_id, delivery.source.name, delivery.table.name, delivery.file],
    )
    connection.unregister(_REJECTS_VIEW)


def record_load(
    connection: duckdb.DuckDBPyConnection, key: LedgerKey, result: FileResult, loaded_at: datetime
) -> None:
    """Append to the ledger. The same bytes refused once more replace their earlier refusal, so that they count once."""
    delivery = key.delivery
    connection.execute(
        "delete from raw.loads where status = 'refused' and source = ? and table_name = ? and file = ? "
        "and file_hash is not distinct from ?",
        [delivery.source.name, delivery.table.name, delivery.file, key.sha256],
    )
    connection.execute(
        "insert into raw.loads values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            result.load_id,
            delivery.source.name,
            delivery.table.name,
            delivery.file,
            key.sha256,
            key.size,
            result.rows_in_file,
            result.rows_loaded,
            result.rows_rejected,
            loaded_at,
            result.status,
            result.message or None,
        ],
    )
