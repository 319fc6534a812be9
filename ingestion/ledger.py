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


def find_known(connection: duckdb.DuckDBPyConnection, key: LedgerKey) -> tuple[LedgerKey, KnownLoad | None]:
    """The key as it is placed among the others, and the load that makes this delivery nothing new, or None.

    A file lies in landing every night, so it is first looked for as it was seen before: what was loaded then is known,
    and what was skipped is still of that day, not the newest of each night. Else, content is known when nothing else
    was delivered since, or when it was delivered with a later date, which outdates this one. Without keys, any content
    that the table has seen is: its rows would be there twice.
    """
    lines = _lines_like(connection, key)
    seen = _find_seen(key, lines)
    if seen and seen["status"] == "loaded":
        return key, _known(connection, key, seen, is_repeated=False)
    if seen:
        key = replace(key, delivered_at=seen["delivered_at"])
    same = [line for line in lines if line["status"] == "loaded" and line["file_hash"] == key.sha256]
    if key.delivery.table.keys or key.delivery.table.load != "append":
        before = _last_before(connection, key, seen["load_id"] if seen else None)
        same = [line for line in same if line["load_id"] == before or line["delivered_at"] > key.delivered_at]
    return key, _known(connection, key, same[-1], is_repeated=seen is None) if same else None


def _lines_like(connection: duckdb.DuckDBPyConnection, key: LedgerKey) -> list[dict[str, Any]]:
    """In load order, what was loaded or skipped under this name, or has this content."""
    found = connection.execute(
        "select load_id, status, file, file_hash, delivered_at, loaded_at, rows_unchanged, compared_to, modified_at "
        "from raw.loads where source = ? and table_name = ? and status in ('loaded', 'skipped') "
        "and file_hash is not null and (file = ? or file_hash = ?) order by load_id",
        [key.delivery.source.name, key.delivery.table.name, key.delivery.file, key.sha256],
    )
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _find_seen(key: LedgerKey, lines: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The line that tells of this very file: the last of its name, else of one that was given another name since.

    A new name that tells another date makes it a delivery of that date.
    """
    own = [line for line in lines if line["file"] == key.delivery.file]
    if own:
        return own[-1] if own[-1]["file_hash"] == key.sha256 else None
    renamed = [
        line
        for line in lines
        if date_in_name(key.delivery.file) in (None, line["delivered_at"]) and _was_renamed(key, line)
    ]
    return max(renamed, key=lambda line: (line["status"] == "loaded", line["load_id"]), default=None)


def _was_renamed(key: LedgerKey, line: dict[str, Any]) -> bool:
    """True when the two were written at the same time; where an earlier version kept none, when the old name is gone.

    One that was written later is a delivery of its own: on Monday A, on Tuesday B, on Wednesday A again.
    """
    if line["modified_at"] is not None:
        return bool(line["modified_at"] == key.modified_at)
    return not is_delivered(key.delivery.landing_dir, line["file"])


def _last_before(connection: duckdb.DuckDBPyConnection, key: LedgerKey, noted_in: int | None) -> int | None:
    """The id of the load that is the last one before this delivery; of one date, that is told by the ledger's order."""
    found = connection.execute(
        "select load_id from raw.loads where source = $source and table_name = $table_name and status = 'loaded' "
        "and file_hash is not null and (delivered_at < $at or delivered_at = $at and load_id < $noted_in) "
        "order by delivered_at desc, load_id desc limit 1",
        {
            "source": key.delivery.source.name,
            "table_name": key.delivery.table.name,
            "at": key.delivered_at,
            "noted_in": noted_in or next_load_id(connection),
        },
    ).fetchone()
    return int(found[0]) if found else None


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
