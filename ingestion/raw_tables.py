"""The schema `raw`: one table per declared table, and beside them the rows that were rejected or vanished.

Everything here runs inside the caller's transaction; nothing reads a delivered file. The ledger is in `ledger.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import duckdb
import pyarrow as pa

from ingestion.declarations import Source
from ingestion.feeds import Reject
from ingestion.landing import Delivery
from ingestion.ledger import LEDGER, LEDGER_COLUMNS, date_old_loads
from ingestion.naming import quoted

# for delivered text the engine's own choice (DICT_FSST) costs a load half as much CPU again and 60 % more disk;
# reading takes as long
_TEXT = "varchar using compression zstd"
# beside what was delivered, every row knows where it came from and when
METADATA = {"_file": "varchar", "_row": "bigint", "_load_id": "bigint", "_delivered_at": "timestamp"}
_REJECTS_VIEW = "ingestion_rejected_rows"

_TABLES = """
create table if not exists raw.rejected_rows (
    load_id bigint, source varchar, table_name varchar, file varchar, line bigint, column_name varchar,
    reason varchar, original_text varchar, row_number bigint, status varchar, retried_load_id bigint
);
create table if not exists raw.schema_changes (
    detected_at timestamp, load_id bigint, source varchar, table_name varchar, file varchar, change varchar,
    column_name varchar, expected varchar, found varchar
);
create table if not exists raw.live_keys (
    source varchar, table_name varchar, key_text varchar, first_seen_at timestamp, seen_at timestamp
);
create table if not exists raw.deleted_rows (
    source varchar, table_name varchar, key_text varchar, deleted_in_load_id bigint, detected_at timestamp,
    delivered_at timestamp
);
"""
_REJECT_COLUMNS = {"row_number": "bigint", "status": "varchar", "retried_load_id": "bigint"}


def prepare_tables(connection: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Create what is missing: ledger, rejects, and every declared table with all its declared columns.

    What an earlier version wrote gets the columns it lacks, so that an old data folder goes on working.
    """
    connection.execute(LEDGER + _TABLES)
    if _add(connection, "loads", LEDGER_COLUMNS):
        date_old_loads(connection)
    if _add(connection, "rejected_rows", _REJECT_COLUMNS):
        connection.execute("update raw.rejected_rows set status = 'rejected' where status is null")
    for source in sources:
        for table in source.tables:
            _prepare_table(connection, source.raw_table(table), list(table.raw_columns))


def _prepare_table(connection: duckdb.DuckDBPyConnection, raw_table: str, columns: Sequence[str]) -> None:
    declared = "".join(f"{quoted(column)} {_TEXT}, " for column in columns)
    metadata = ", ".join(f"{name} {kind}" for name, kind in METADATA.items())
    connection.execute(f"create table if not exists raw.{quoted(raw_table)} ({declared}{metadata})")
    if _add(connection, raw_table, {"_delivered_at": METADATA["_delivered_at"]}):
        connection.execute(
            f"update raw.{quoted(raw_table)} as rows set _delivered_at = loads.delivered_at "
            f"from raw.loads as loads where loads.load_id = rows._load_id"
        )
    add_columns(connection, raw_table, columns)


def add_columns(connection: duckdb.DuckDBPyConnection, raw_table: str, columns: Sequence[str]) -> list[str]:
    """Add the columns that the raw table lacks, as text; rows loaded before have NULL there. Returns the added ones."""
    return _add(connection, raw_table, dict.fromkeys(columns, _TEXT))


def data_columns(connection: duckdb.DuckDBPyConnection, raw_table: str) -> list[str]:
    """The columns of a raw table that deliveries fill, in order."""
    return [name for name in _columns(connection, raw_table) if name not in METADATA]


def _columns(connection: duckdb.DuckDBPyConnection, raw_table: str) -> list[str]:
    described = connection.execute(f"from raw.{quoted(raw_table)} limit 0").description
    return [column[0] for column in described or ()]


def _add(connection: duckdb.DuckDBPyConnection, raw_table: str, columns: Mapping[str, str]) -> list[str]:
    known = set(_columns(connection, raw_table))
    missing = [name for name in columns if name not in known]
    for name in missing:
        connection.execute(f"alter table raw.{quoted(raw_table)} add column {quoted(name)} {columns[name]}")
    return missing


def has_other_rows(connection: duckdb.DuckDBPyConnection, raw_table: str, load_id: int) -> bool:
    """True when the table holds rows of other loads."""
    query = f"select 1 from raw.{quoted(raw_table)} where _load_id <> ? limit 1"
    return connection.execute(query, [load_id]).fetchone() is not None


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
            "row_number": pa.array([reject.row for reject in rejects], pa.int64()),
        }
    )
    connection.register(_REJECTS_VIEW, batch)
    connection.execute(
        f"insert into raw.rejected_rows by name select ? as load_id, ? as source, ? as table_name, ? as file, "
        f"'rejected' as status, * from {_REJECTS_VIEW}",
        [load_id, delivery.source.name, delivery.table.name, delivery.file],
    )
    connection.unregister(_REJECTS_VIEW)
