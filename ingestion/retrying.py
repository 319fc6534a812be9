"""A second chance for rejected rows: after a declaration was corrected, they alone are read again, from their file.

What is loaded now keeps its file and position, under a load id of its own; the ledger gets an entry that moves the rows
from rejected to loaded, so that its sums stay true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb

from ingestion.archives import unpack
from ingestion.declarations import Source
from ingestion.encodings import read_as_text
from ingestion.errors import FileRefused, FileUnreadable
from ingestion.feeds import Feed, Request, Unsure
from ingestion.fingerprints import Fingerprint, check_unchanged, take_fingerprint
from ingestion.intake import insert_rows, read_in_turn, settle_versions, stopping_at
from ingestion.landing import locate
from ingestion.ledger import LedgerKey, next_load_id, record_load
from ingestion.loader import opened_workspace
from ingestion.quarantine import take_out_mistyped
from ingestion.raw_tables import add_columns, prepare_tables
from ingestion.reports import FileResult
from warehouse.progress import Progress, silent

_PENDING = """
    select loads.load_id, loads.table_name, loads.file, loads.file_hash, loads.bytes, loads.delivered_at,
        list(rejected.row_number order by rejected.row_number) filter (rejected.row_number is not null),
        count(*) - count(rejected.row_number)
    from raw.rejected_rows as rejected join raw.loads as loads using (load_id)
    where rejected.status = 'rejected' and loads.source = ?
    group by all order by loads.load_id
"""


@dataclass(frozen=True)
class RetriedFile:
    """The rejected rows of one load: how many are loaded now, how many are still rejected, and why none could be read."""

    source: str
    table_name: str
    file: str
    load_id: int
    rows_loaded: int
    rows_rejected: int
    message: str = ""


@dataclass
class RetryReport:
    """One retry: a line per load that had rejected rows, in load order."""

    files: list[RetriedFile] = field(default_factory=list)

    @property
    def rows_loaded(self) -> int:
        return sum(file.rows_loaded for file in self.files)

    @property
    def rows_rejected(self) -> int:
        return sum(file.rows_rejected for file in self.files)


@dataclass(frozen=True)
class _Pending:
    """The rows of one load that are still rejected; rows of before positions were kept have none."""

    load_id: int
    key: LedgerKey
    rows: list[int]
    without_position: int


def retry_rejected(
    connection: duckdb.DuckDBPyConnection,
    landing_dir: Path,
    sources: Sequence[Source],
    *,
    progress: Progress = silent,
    loaded_at: datetime,
) -> RetryReport:
    """Read every rejected row of the sources again, load what is understood now, and say what became of each.

    A file that is no longer in landing as it was loaded cannot be read again: its line says so. No row is loaded
    twice. `loaded_at` is naive UTC. Raises LoadInterrupted when disk, memory or database give out.
    """
    prepare_tables(connection, sources)
    pending = [found for source in sources for found in _pending(connection, landing_dir, source)]
    report = RetryReport()
    with opened_workspace(landing_dir) as workspace:
        for done, found in enumerate(pending):
            progress("retry", done, len(pending), found.key.delivery.file)
            with stopping_at(found.key.delivery.file):
                report.files.append(_retry(connection, found, workspace, loaded_at))
    progress("retry", len(pending), len(pending))
    return report


def _pending(connection: duckdb.DuckDBPyConnection, landing_dir: Path, source: Source) -> list[_Pending]:
    tables = {table.name: table for table in source.tables}
    return [
        _Pending(
            load_id,
            LedgerKey(locate(landing_dir, source, tables[name], file), sha256, size, at),
            rows or [],
            without_position,
        )
        for load_id, name, file, sha256, size, at, rows, without_position in connection.execute(
            _PENDING, [source.name]
        ).fetchall()
        if name in tables
    ]


def _retry(
    connection: duckdb.DuckDBPyConnection, pending: _Pending, workspace: Path, loaded_at: datetime
) -> RetriedFile:
    delivery = pending.key.delivery
    outcome = RetriedFile(
        delivery.source.name,
        delivery.table.name,
        delivery.file,
        pending.load_id,
        rows_loaded=0,
        rows_rejected=len(pending.rows) + pending.without_position,
    )
    try:
        fingerprint = _find_as_loaded(pending, workspace)
        request = Request(
            connection, delivery.table, read_as_text(delivery.table, fingerprint, workspace), workspace
        )
        loaded = read_in_turn(request, lambda feed: _load(connection, pending, feed, fingerprint, loaded_at))
    except FileRefused as error:
        return replace(outcome, message=f"{delivery.file} {error}")
    return replace(outcome, rows_loaded=loaded, rows_rejected=outcome.rows_rejected - loaded)


def _find_as_loaded(pending: _Pending, workspace: Path) -> Fingerprint:
    """The file's fingerprint. Raises FileUnreadable when it went away, changed, or its rows have no position."""
    delivery = pending.key.delivery
    rejected = f"its {len(pending.rows) + pending.without_position} rejected rows (load {pending.load_id})"
    if not pending.rows:
        raise FileUnreadable(
            f"was loaded before positions of rejected rows were kept: {rejected} cannot be found in it. "
            f"Deliver them again in a new file."
        )
    gone = FileUnreadable(
        f"is no longer in landing as it was loaded, so {rejected} cannot be read again. "
        f"Deliver the file again, or only these rows in a new file; raw.rejected_rows has their text."
    )
    if not delivery.path.exists():
        raise gone
    fingerprint = take_fingerprint(unpack(delivery.path, delivery.member, workspace))
    if fingerprint.sha256 != pending.key.sha256:
        raise gone
    return fingerprint


def _load(
    connection: duckdb.DuckDBPyConnection,
    pending: _Pending,
    feed: Feed,
    fingerprint: Fingerprint,
    loaded_at: datetime,
) -> int:
    """Load the pending rows that are good now, inside the caller's transaction; returns how many. Raises Unsure."""
    key = replace(pending.key, sha256=None, size=0)
    load_id = next_load_id(connection)
    add_columns(connection, key.delivery.raw_table, feed.columns)
    wanted = f"_row in ({', '.join(map(str, pending.rows))})"
    inserted = insert_rows(connection, key, f"(select * from {feed.relation} where {wanted})", load_id)
    unreadable = {reject.row for reject in feed.rejects}
    (readable,) = connection.execute(f"select count(*) from {feed.relation}").fetchall()[0]
    if readable + len(unreadable) != feed.delivered or inserted != len(set(pending.rows) - unreadable):
        raise Unsure(f"{feed.delivered} rows delivered, {readable} readable, {len(unreadable)} not")
    judged = take_out_mistyped(connection, key.delivery, feed, load_id, is_whole_file=False)
    loaded = inserted - len(judged.rejects)
    if loaded:
        unchanged = settle_versions(connection, key, load_id, feed.columns)
        still_wrong = unreadable | {reject.row for reject in judged.rejects}
        _mark(connection, pending, sorted(set(pending.rows) - still_wrong), load_id)
        result = FileResult(
            key.delivery.source.name,
            key.delivery.table.name,
            key.delivery.file,
            "loaded",
            rows_loaded=loaded,
            rows_rejected=-loaded,
            rows_unchanged=unchanged,
            message=f"{loaded} rows that load {pending.load_id} had rejected",
            load_id=load_id,
            min_event_at=judged.min_event_at,
            max_event_at=judged.max_event_at,
        )
        record_load(connection, key, result, loaded_at)
    check_unchanged(fingerprint)
    return loaded


def _mark(connection: duckdb.DuckDBPyConnection, pending: _Pending, rows: list[int], load_id: int) -> None:
    connection.execute(
        "update raw.rejected_rows set status = 'loaded', retried_load_id = ? "
        "where load_id = ? and row_number in (select unnest(?::bigint[]))",
        [load_id, pending.load_id, rows],
    )
