"""One delivered file into its raw table, in one transaction with its rejected rows and its line in the ledger.

Which files there are and in which order is decided by `loader.py`; how a format is read is in the format's module.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import duckdb

from ingestion.archives import unpack
from ingestion.cut_lines import settle_cut_groups
from ingestion.deletions import forget_returned, mark_seen
from ingestion.delivery_dates import date_in_name
from ingestion.drift import find_changes, record_changes, refused_change
from ingestion.encodings import read_as_text
from ingestion.errors import CountsDisagree, FileRefused, LoadInterrupted
from ingestion.feeds import REJECTS_TABLE, SCANS_TABLE, Feed, Request, Unsure
from ingestion.fingerprints import Fingerprint, check_unchanged, take_fingerprint
from ingestion.known_files import KnownLoad, find_known
from ingestion.landing import Delivery
from ingestion.ledger import LedgerKey, next_load_id, record_load, refusal_id, take_back
from ingestion.naming import literal, quoted
from ingestion.quarantine import take_out_mistyped
from ingestion.raw_tables import add_columns, record_rejects
from ingestion.readers import READERS
from ingestion.reports import FileResult, Status
from ingestion.versions import compared_columns, find_unchanged, take_out_unchanged
from warehouse.connections import transaction

Written = TypeVar("Written")
# what no other reading of the file would cure; every other complaint of the engine is about the file
_MACHINE_TROUBLE = (
    duckdb.FatalException,
    duckdb.InternalException,
    duckdb.InterruptException,
    duckdb.IOException,
    duckdb.OutOfMemoryException,
)


def load_file(
    connection: duckdb.DuckDBPyConnection, delivery: Delivery, workspace: Path, loaded_at: datetime
) -> FileResult:
    """Load the file unless its content is known, and say what became of it.

    Raises LoadInterrupted when disk, memory or database give out.
    """
    started = time.monotonic()
    with stopping_at(delivery.file):
        result = _load(connection, delivery, workspace, loaded_at)
    return replace(result, seconds=time.monotonic() - started)


@contextmanager
def stopping_at(file: str) -> Iterator[None]:
    """Trouble with the machine becomes a LoadInterrupted that names the file."""
    try:
        yield
    except (*_MACHINE_TROUBLE, OSError) as error:
        raise LoadInterrupted(
            f"Loading stopped at {file}: {str(error).splitlines()[0]}. Files loaded before it stay loaded. "
            f"See that disk and memory suffice, then run again."
        ) from error


def _load(
    connection: duckdb.DuckDBPyConnection, delivery: Delivery, workspace: Path, loaded_at: datetime
) -> FileResult:
    key = LedgerKey(delivery, None, 0, date_in_name(delivery.file) or loaded_at)
    try:
        fingerprint = take_fingerprint(unpack(delivery.path, delivery.member, workspace))
        modified_at = datetime.fromtimestamp(delivery.path.stat().st_mtime, UTC).replace(tzinfo=None)
        key = replace(key, sha256=fingerprint.sha256, size=fingerprint.size, modified_at=modified_at)
        key, known = find_known(connection, key)
        if known is None or known.is_outdated:
            return _take_in(connection, key, fingerprint, workspace, loaded_at, known)
        note = "" if known.file == delivery.file else f"same content as {known.file}"
        result = _result(delivery, "skipped", message=note)
        if known.is_repeated:
            with transaction(connection):
                record_load(connection, key, replace(result, load_id=next_load_id(connection)), loaded_at)
        return result
    except FileRefused as error:
        change = refused_change(error)
        result = _result(delivery, "refused", message=f"{delivery.file} {error}")
        with transaction(connection):
            result = replace(
                result, load_id=refusal_id(connection, key), changes=(change,) if change is not None else ()
            )
            record_load(connection, key, result, loaded_at)
            record_changes(connection, delivery, result.load_id or 0, loaded_at, result.changes)
        return result


def _take_in(
    connection: duckdb.DuckDBPyConnection,
    key: LedgerKey,
    fingerprint: Fingerprint,
    workspace: Path,
    loaded_at: datetime,
    known: KnownLoad | None,
) -> FileResult:
    table = key.delivery.table
    request = Request(connection, table, read_as_text(table, fingerprint, workspace), workspace)

    def write(feed: Feed) -> FileResult:
        if known is not None:
            return _compare_again(connection, key, request, feed, known)
        return _write(connection, key, request, feed, next_load_id(connection), loaded_at)

    return read_in_turn(request, write)


def read_in_turn(request: Request, write: Callable[[Feed], Written]) -> Written:
    """Try the format's readers in turn, each with `write` in a transaction; the first that both trust counts.

    Raises FileRefused.
    """
    doubt: Unsure | None = None
    for read in READERS[request.table.format]:
        try:
            with transaction(request.connection):
                return write(read(request))
        except Unsure as error:
            doubt = error
        except _MACHINE_TROUBLE:
            raise
        except duckdb.Error as error:
            doubt = Unsure(f"the engine said: {str(error).splitlines()[0]}")
    raise CountsDisagree(
        f"was understood differently by two readers ({doubt}). Export it again as plain UTF-8 {request.table.format}."
    )


def _compare_again(
    connection: duckdb.DuckDBPyConnection, key: LedgerKey, request: Request, feed: Feed, known: KnownLoad
) -> FileResult:
    """Load a known content anew under its own id: beside an older delivery that came late, more of it may be news.

    Monday's file said A, Wednesday's A again (unchanged), and now Tuesday's comes and says B: Wednesday's A counts.
    """
    key = replace(key, delivered_at=known.delivered_at)
    take_back(connection, key, known.load_id)
    _write(connection, key, request, feed, known.load_id, known.loaded_at)
    return _result(key.delivery, "skipped", message="compared again with an older delivery that came later")


def _write(
    connection: duckdb.DuckDBPyConnection,
    key: LedgerKey,
    request: Request,
    feed: Feed,
    load_id: int,
    loaded_at: datetime,
) -> FileResult:
    delivery = key.delivery
    changes = find_changes(connection, delivery, feed.columns)
    add_columns(connection, delivery.raw_table, feed.columns)
    inserted = insert_rows(connection, key, feed.relation, load_id)
    if inserted + len(feed.rejects) != feed.delivered:
        raise Unsure(f"{feed.delivered} rows delivered, {inserted} loaded, {len(feed.rejects)} rejected")
    judged = take_out_mistyped(connection, delivery, feed, load_id)
    unchanged = settle_versions(connection, key, load_id, feed.columns)
    rejects = sorted([*feed.rejects, *judged.rejects], key=lambda reject: reject.row)
    record_rejects(connection, delivery, load_id, rejects)
    record_changes(connection, delivery, load_id, loaded_at, changes)
    check_unchanged(request.text.fingerprint)
    result = replace(
        _result(delivery, "loaded", message="; ".join(filter(None, [request.text.note, *feed.notes]))),
        rows_in_file=feed.delivered,
        rows_loaded=inserted - len(judged.rejects),
        rows_rejected=len(rejects),
        rows_unchanged=unchanged,
        min_event_at=judged.min_event_at,
        max_event_at=judged.max_event_at,
        changes=tuple(changes),
        load_id=load_id,
    )
    record_load(connection, key, result, loaded_at)
    return result


def insert_rows(connection: duckdb.DuckDBPyConnection, key: LedgerKey, relation: str, load_id: int) -> int:
    """Rows inserted. Raises Unsure when the engine sets rows aside that the feed promised as good."""
    connection.execute(f"drop table if exists {REJECTS_TABLE}; drop table if exists {SCANS_TABLE}")
    (inserted,) = connection.execute(
        f"insert into raw.{quoted(key.delivery.raw_table)} by name select *, {literal(key.delivery.file)} as _file, "
        f"{load_id}::bigint as _load_id, timestamp {literal(str(key.delivered_at))} as _delivered_at from {relation}"
    ).fetchall()[0]
    set_aside = connection.execute(
        "select 1 from duckdb_tables() where table_name = ? and temporary", [REJECTS_TABLE]
    ).fetchone()
    if set_aside:
        problem = connection.execute(f"select error_message from {REJECTS_TABLE} limit 1").fetchone()
        if problem:
            raise Unsure(f"the engine said: {problem[0]}")
    return int(inserted)


def settle_versions(
    connection: duckdb.DuckDBPyConnection, key: LedgerKey, load_id: int, delivered: list[str]
) -> int:
    """Take out this load's rows that the table has already, and note which keys it had; returns rows taken out."""
    is_whole = key.delivery.table.load == "replace"
    has_known = find_unchanged(connection, key, load_id, delivered)
    if has_known and key.delivery.table.lines:
        settle_cut_groups(connection, key, load_id, compared_columns(connection, key, delivered))
    if has_known and is_whole:
        forget_returned(connection, key, load_id)
    if is_whole:
        mark_seen(connection, key, load_id)
    return take_out_unchanged(connection, key, load_id) if has_known else 0


def _result(delivery: Delivery, status: Status, *, message: str = "") -> FileResult:
    return FileResult(delivery.source.name, delivery.table.name, delivery.file, status, message=message)
