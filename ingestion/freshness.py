"""How each source stands: when it last brought something, what it holds, and whether it is late.

Read from the ledger alone; what to do about a late source is decided by the front doors and the gate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from ingestion.declarations import Source
from ingestion.raw_tables import prepare_tables


@dataclass(frozen=True)
class RefusedFile:
    """A file whose latest delivery was refused, and why."""

    table_name: str
    file: str
    message: str


@dataclass(frozen=True)
class SourceStatus:
    """One source as of a time; counts are rows over all loads. A source that never delivered is not late."""

    source: str
    title: str
    owner: str
    last_loaded_at: datetime | None
    newest_file: str | None
    files: int
    rows: int
    rejected: int
    refused: tuple[RefusedFile, ...]
    expected_every_hours: float
    is_late: bool


def source_status(
    connection: duckdb.DuckDBPyConnection, sources: Iterable[Source], now: datetime
) -> list[SourceStatus]:
    """The status of every given source, in the order given; `now` is naive UTC."""
    prepare_tables(connection, ())
    return [_status(connection, source, now) for source in sources]


def _status(connection: duckdb.DuckDBPyConnection, source: Source, now: datetime) -> SourceStatus:
    last, newest, files, rows, rejected = connection.execute(
        "select max(loaded_at), arg_max(file, load_id), count(*), "
        "coalesce(sum(rows_loaded), 0), coalesce(sum(rows_rejected), 0) "
        "from raw.loads where source = ? and status = 'loaded'",
        [source.name],
    ).fetchall()[0]
    return SourceStatus(
        source=source.name,
        title=source.title,
        owner=source.owner,
        last_loaded_at=last,
        newest_file=newest,
        files=int(files),
        rows=int(rows),
        rejected=int(rejected),
        refused=_refused(connection, source),
        expected_every_hours=source.expected_every_hours,
        is_late=last is not None and now - last > timedelta(hours=source.expected_every_hours),
    )


def _refused(connection: duckdb.DuckDBPyConnection, source: Source) -> tuple[RefusedFile, ...]:
    found = connection.execute(
        "select table_name, file, message from raw.loads where source = ? "
        "qualify row_number() over (partition by table_name, file order by load_id desc) = 1 and status = 'refused' "
        "order by load_id",
        [source.name],
    ).fetchall()
    return tuple(RefusedFile(*row) for row in found)
