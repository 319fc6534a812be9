"""The ledger `raw.loads`: what was delivered, when, and what became of it; and whether a content is known already.

One row per load, written in the load's own transaction; the raw tables themselves are in `raw_tables.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
    compared_to bigint
);
"""
# what ledgers of earlier versions lack
LEDGER_COLUMNS = {
    "rows_unchanged": "bigint",
    "min_event_at": "timestamp",
    "max_event_at": "timestamp",
    "delivered_at": "timestamp",
    "compared_to": "bigint",
}


@dataclass(frozen=True)
class LedgerKey:
    """A content that was delivered for a table under a name; `delivered_at` (naive UTC) places it among the others."""

    delivery: Delivery
    sha256: str | None
    size: int
    delivered_at: datetime


@dataclass(frozen=True)
class KnownLoad:
    """An earlier load of the same content.

    `is_outdated`: an older delivery came in after it and was not compared. `is_repeated`: the content is there under
    a further name, which the ledger does not have yet: something was delivered, if nothing new.
    """

    load_id: int
    file: str
    delivered_at: datetime
    loaded_at: datetime
    is_outdated: bool
    is_repeated: bool


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


def dated_as_noted(connection: duckdb.DuckDBPyConnection, key: LedgerKey) -> LedgerKey:
    """A file without a date that was skipped lies there every night: it is of the day it was noted, not of each night.

    Else it would be the newest delivery again and again, and bring back what others have changed since.
    """
    if date_in_name(key.delivery.file) is not None:
        return key
    last = connection.execute(
        "select status, file_hash, delivered_at from raw.loads where source = ? and table_name = ? and file = ? "
        "order by load_id desc limit 1",
        [key.delivery.source.name, key.delivery.table.name, key.delivery.file],
    ).fetchone()
    return replace(key, delivered_at=last[2]) if last and last[:2] == ("skipped", key.sha256) else key


def find_known(connection: duckdb.DuckDBPyConnection, key: LedgerKey) -> KnownLoad | None:
    """The load that makes this delivery nothing new, or None.

    That is: the last content of the same name; or the same content under another name, when nothing else was delivered
    between the two, when it has a later date (and so outdates this one), or when that other file was moved here.
    Without keys, any content the table has seen: its rows would be there twice.
    """
    found = _loads_like(connection, key)
    loads = [load for load in found if load["status"] == "loaded"]
    own = [load for load in loads if load["file"] == key.delivery.file]
    if own and own[-1]["file_hash"] == key.sha256:
        return _known(connection, key, own[-1], is_repeated=False)
    same = [load for load in loads if load["file_hash"] == key.sha256]
    if not same:
        return None
    table = key.delivery.table
    moved = [load for load in same if _was_moved(key, load)]
    is_noted = any(load["status"] == "skipped" for load in found)
    if not table.keys and table.load == "append":
        return _known(connection, key, same[-1], is_repeated=not (moved or is_noted))
    earlier = [load for load in loads if load["delivered_at"] <= key.delivered_at]
    before = max(earlier, key=lambda load: (load["delivered_at"], load["load_id"]), default=None)
    covering = [load for load in same if load is before or load["delivered_at"] > key.delivered_at]
    if covering:
        return _known(connection, key, covering[-1], is_repeated=not (moved or is_noted))
    return _known(connection, key, moved[-1], is_repeated=False) if moved else None


def _loads_like(connection: duckdb.DuckDBPyConnection, key: LedgerKey) -> list[dict[str, Any]]:
    """In load order: every load of this name, every load of this content, and what was delivered last before this.

    Also this content under this name where it was noted as skipped.
    """
    found = connection.execute(
        """
        with loads as (
            select * from raw.loads
            where status = 'loaded' and file_hash is not null and source = $source and table_name = $table_name
        )
        select load_id, status, file, file_hash, delivered_at, loaded_at, rows_unchanged, compared_to from loads
        where file = $file or file_hash = $sha256
            or load_id = (
                select load_id from loads where delivered_at <= $delivered_at
                order by delivered_at desc, load_id desc limit 1
            )
        union all
        select load_id, status, file, file_hash, delivered_at, loaded_at, rows_unchanged, compared_to from raw.loads
        where status = 'skipped' and source = $source and table_name = $table_name
            and file = $file and file_hash = $sha256
        order by load_id
        """,
        {
            "source": key.delivery.source.name,
            "table_name": key.delivery.table.name,
            "file": key.delivery.file,
            "sha256": key.sha256,
            "delivered_at": key.delivered_at,
        },
    )
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _was_moved(key: LedgerKey, load: dict[str, Any]) -> bool:
    """True when the file that was loaded lies here now: its old name is gone, and the new one tells no other date."""
    told = date_in_name(key.delivery.file)
    return told in (None, load["delivered_at"]) and not is_delivered(key.delivery.landing_dir, load["file"])


def _known(
    connection: duckdb.DuckDBPyConnection, key: LedgerKey, load: dict[str, Any], *, is_repeated: bool
) -> KnownLoad:
    late = None
    if load["rows_unchanged"] and load["file"] == key.delivery.file:
        late = connection.execute(
            "select 1 from raw.loads where status = 'loaded' and source = ? and table_name = ? "
            "and load_id > ? and delivered_at < ? and rows_loaded > coalesce(rows_unchanged, 0) limit 1",
            [
                key.delivery.source.name,
                key.delivery.table.name,
                load["compared_to"] or load["load_id"],
                load["delivered_at"],
            ],
        ).fetchone()
    return KnownLoad(
        load["load_id"], load["file"], load["delivered_at"], load["loaded_at"], late is not None, is_repeated
    )


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
