"""Whether a delivered file is one that was seen before, or brings nothing new: told from the ledger, its name and its content.

Nothing is read or written but the ledger; what becomes of the file is decided in `intake.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import duckdb

from ingestion.delivery_dates import date_in_name
from ingestion.landing import is_delivered
from ingestion.ledger import LedgerKey, next_load_id


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
