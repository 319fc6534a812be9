"""From landing to `raw.*`: each file in one transaction with its rejected rows and its line in the ledger.

How a format is read is in the format's module; what a load tells is in `reports.py`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb

from ingestion.csv_files import read_as_delivered, read_sifted
from ingestion.declarations import Format, Source
from ingestion.encodings import Text, detect_encoding, to_utf8
from ingestion.errors import CountsDisagree, FileRefused, FileUnreadable, LoadInterrupted
from ingestion.feeds import REJECTS_TABLE, SCANS_TABLE, Feed, Request, Unsure
from ingestion.fingerprints import Fingerprint, check_unchanged, take_fingerprint
from ingestion.json_files import read_document
from ingestion.json_lines import read_lines_as_delivered, read_lines_sifted, read_lines_surveyed
from ingestion.landing import Delivery, find_deliveries, find_unclaimed
from ingestion.naming import literal, quoted
from ingestion.parquet_files import read_columns
from ingestion.quarantine import take_out_mistyped
from ingestion.raw_tables import (
    LedgerKey,
    add_columns,
    earlier_load,
    next_load_id,
    prepare_tables,
    record_load,
    record_rejects,
)
from ingestion.reports import FileResult, LoadReport, Status
from ingestion.xlsx_files import read_cells
from warehouse.progress import Progress, silent

Reader = Callable[[Request], Feed]

# quick first: the engine on the delivered bytes. The last one decides, and what it cannot reconcile is refused
READERS: dict[Format, Sequence[Reader]] = {
    "csv": (read_as_delivered, read_sifted),
    "jsonl": (read_lines_as_delivered, read_lines_surveyed, read_lines_sifted),
    "json": (read_document,),
    "xlsx": (read_cells,),
    "parquet": (read_columns,),
}
# what no other reading of the file would cure; every other complaint of the engine is about the file
_MACHINE_TROUBLE = (
    duckdb.FatalException,
    duckdb.InternalException,
    duckdb.InterruptException,
    duckdb.IOException,
    duckdb.OutOfMemoryException,
)


def load(
    connection: duckdb.DuckDBPyConnection,
    landing_dir: Path,
    sources: Sequence[Source],
    *,
    progress: Progress = silent,
    loaded_at: datetime,
) -> LoadReport:
    """Load every delivered file that has not been loaded yet, and say what became of each.

    A file is loaded whole or not at all, and its content only once per table, whatever its name. A refused file
    leaves what is there, is recorded with its reason, and is tried again next time. `loaded_at` is naive UTC.
    Raises LoadInterrupted when disk, memory or database give out; the next load goes on from there.
    """
    started = time.monotonic()
    prepare_tables(connection, sources)
    deliveries = [delivery for source in sources for delivery in find_deliveries(landing_dir, source)]
    report = LoadReport(not_delivered=_not_delivered(sources, deliveries))
    with _workspace(landing_dir) as workspace:
        for done, delivery in enumerate(deliveries):
            progress("load", done, len(deliveries), delivery.file)
            report.files.append(_load_file(connection, delivery, workspace, loaded_at))
    progress("load", len(deliveries), len(deliveries))
    report.unclaimed = find_unclaimed(landing_dir, sources)
    report.seconds = time.monotonic() - started
    return report


def load_source(
    connection: duckdb.DuckDBPyConnection,
    landing_dir: Path,
    source: Source,
    *,
    progress: Progress = silent,
    loaded_at: datetime,
) -> LoadReport:
    """As `load`, for one source."""
    return load(connection, landing_dir, [source], progress=progress, loaded_at=loaded_at)


def _not_delivered(sources: Iterable[Source], deliveries: Iterable[Delivery]) -> list[str]:
    delivered = {delivery.raw_table for delivery in deliveries}
    names = [source.raw_table(table) for source in sources for table in source.tables]
    return [name for name in names if name not in delivered]


@contextmanager
def _workspace(landing_dir: Path) -> Iterator[Path]:
    """A folder beside landing for temporary copies, emptied before and after: copies hold personal data too."""
    folder = landing_dir.parent / ".ingestion"
    shutil.rmtree(folder, ignore_errors=True)  # what a killed run left
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _load_file(
    connection: duckdb.DuckDBPyConnection, delivery: Delivery, workspace: Path, loaded_at: datetime
) -> FileResult:
    started = time.monotonic()
    key = LedgerKey(delivery, None, 0)
    try:
        fingerprint = take_fingerprint(delivery.path)
        key = LedgerKey(delivery, fingerprint.sha256, fingerprint.size)
        result = _skip_if_known(connection, key) or _take_in(
            connection, key, fingerprint, workspace, loaded_at
        )
    except FileRefused as error:
        result = _result(delivery, "refused", message=f"{delivery.file} {error}")
        with _transaction(connection):
            result = replace(result, load_id=next_load_id(connection))
            record_load(connection, key, result, loaded_at)
    except (*_MACHINE_TROUBLE, OSError) as error:
        raise LoadInterrupted(
            f"Loading stopped at {delivery.file}: {str(error).splitlines()[0]}. Files loaded before it stay loaded. "
            f"See that disk and memory suffice, then run again."
        ) from error
    return replace(result, seconds=time.monotonic() - started)


def _skip_if_known(connection: duckdb.DuckDBPyConnection, key: LedgerKey) -> FileResult | None:
    earlier = earlier_load(connection, key)
    if earlier is None:
        return None
    note = "" if earlier == key.delivery.file else f"same content as {earlier}"
    return _result(key.delivery, "skipped", message=note)


def _take_in(
    connection: duckdb.DuckDBPyConnection,
    key: LedgerKey,
    fingerprint: Fingerprint,
    workspace: Path,
    loaded_at: datetime,
) -> FileResult:
    """Try the format's readers in turn, each in its own transaction. Raises FileRefused."""
    delivery = key.delivery
    request = Request(connection, delivery.table, _as_text(delivery, fingerprint, workspace), workspace)
    doubt: Unsure | None = None
    for read in READERS[delivery.table.format]:
        try:
            with _transaction(connection):
                return _write(connection, key, request, read(request), loaded_at)
        except Unsure as error:
            doubt = error
        except _MACHINE_TROUBLE:
            raise
        except duckdb.Error as error:
            doubt = Unsure(f"the engine said: {str(error).splitlines()[0]}")
    raise CountsDisagree(
        f"was understood differently by two readers ({doubt}). Export it again as plain UTF-8 {delivery.table.format}."
    )


def _as_text(delivery: Delivery, fingerprint: Fingerprint, workspace: Path) -> Text:
    as_is = Text(delivery.path, fingerprint)
    if delivery.table.format in ("xlsx", "parquet"):
        if not fingerprint.size:
            raise FileUnreadable("is empty. Ask the source to export it again, or remove the file.")
        return as_is
    encoding = detect_encoding(delivery.path, fingerprint)
    return to_utf8(delivery.path, fingerprint, encoding, workspace / "utf8") or as_is


def _write(
    connection: duckdb.DuckDBPyConnection, key: LedgerKey, request: Request, feed: Feed, loaded_at: datetime
) -> FileResult:
    delivery = key.delivery
    load_id = next_load_id(connection)
    add_columns(connection, delivery.raw_table, feed.columns)
    inserted = _insert(connection, delivery, feed, load_id)
    if inserted + len(feed.rejects) != feed.delivered:
        raise Unsure(f"{feed.delivered} rows delivered, {inserted} loaded, {len(feed.rejects)} rejected")
    mistyped = take_out_mistyped(connection, delivery, feed, load_id)
    rejects = sorted([*feed.rejects, *mistyped], key=lambda reject: reject.row)
    record_rejects(connection, delivery, load_id, rejects)
    check_unchanged(request.text.fingerprint)
    result = replace(
        _result(delivery, "loaded", message="; ".join(filter(None, [request.text.note, *feed.notes]))),
        rows_in_file=feed.delivered,
        rows_loaded=inserted - len(mistyped),
        rows_rejected=len(rejects),
        load_id=load_id,
    )
    record_load(connection, key, result, loaded_at)
    return result


def _insert(connection: duckdb.DuckDBPyConnection, delivery: Delivery, feed: Feed, load_id: int) -> int:
    """Rows inserted. Raises Unsure when the engine sets rows aside that the feed promised as good."""
    connection.execute(f"drop table if exists {REJECTS_TABLE}; drop table if exists {SCANS_TABLE}")
    (inserted,) = connection.execute(
        f"insert into raw.{quoted(delivery.raw_table)} by name "
        f"select *, {literal(delivery.file)} as _file, {load_id}::bigint as _load_id from {feed.relation}"
    ).fetchall()[0]
    set_aside = connection.execute(
        "select 1 from duckdb_tables() where table_name = ? and temporary", [REJECTS_TABLE]
    ).fetchone()
    if set_aside:
        problem = connection.execute(f"select error_message from {REJECTS_TABLE} limit 1").fetchone()
        if problem:
            raise Unsure(f"the engine said: {problem[0]}")
    return int(inserted)


def _result(delivery: Delivery, status: Status, *, message: str = "") -> FileResult:
    return FileResult(delivery.source.name, delivery.table.name, delivery.file, status, message=message)


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
