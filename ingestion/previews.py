"""What loading would do, tried in memory: the same readers and rules, another database that is gone afterwards.

The warehouse is not touched, so this can be done while a run is under way.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from ingestion.declarations import Source, Table
from ingestion.errors import IngestionError
from ingestion.landing import find_deliveries
from ingestion.loader import load
from ingestion.naming import nearest, quoted
from ingestion.raw_tables import data_columns, prepare_tables
from ingestion.reports import FileResult, LoadReport
from warehouse.progress import Progress, silent

_LOADED_AT = datetime(2000, 1, 1)


class NoSuchTable(IngestionError):
    """A source has no table of this name."""


@dataclass(frozen=True)
class RejectedRow:
    """A row that would be rejected, and why."""

    line: int | None
    column: str | None
    reason: str
    text: str


@dataclass(frozen=True)
class TablePreview:
    """The newest file of one table as it would be loaded; None where nothing was delivered."""

    table: Table
    result: FileResult | None
    columns: list[str]
    rows: list[tuple[str | None, ...]]
    rejects: list[RejectedRow]


def preview_tables(
    source: Source, landing_dir: Path, table: str | None, rows: int, progress: Progress = silent
) -> list[TablePreview]:
    """The first `rows` rows and rejects of the newest file of each table (or of one). Raises NoSuchTable."""
    chosen = [t for t in source.tables if table in (None, t.name)]
    if not chosen:
        names = [t.name for t in source.tables]
        close = nearest(str(table), names)
        raise NoSuchTable(
            f"{source.name} has no table {table!r}. It has {', '.join(names)}"
            f"{f'; the nearest is {close}' if close else ''}."
        )
    return [_preview(source, landing_dir, t, rows, progress) for t in chosen]


def try_load(
    landing_dir: Path,
    sources: Sequence[Source],
    ledger: pa.Table | None,
    *,
    loaded_at: datetime,
    progress: Progress = silent,
) -> LoadReport:
    """What a load at this time (naive UTC) would report: files that `ledger` (the rows of raw.loads) knows are skipped."""
    with _linked(landing_dir, sources) as links, duckdb.connect() as connection:
        if ledger is not None:
            prepare_tables(connection, sources)
            connection.execute("insert into raw.loads by name select * from ledger")
        return load(connection, links, sources, progress=progress, loaded_at=loaded_at)


def _preview(source: Source, landing_dir: Path, table: Table, rows: int, progress: Progress) -> TablePreview:
    alone = source.model_copy(update={"tables": (table,)})
    deliveries = find_deliveries(landing_dir, alone)
    if not deliveries:
        return TablePreview(table, None, [], [], [])
    newest = max(deliveries, key=lambda delivery: (delivery.path.stat().st_mtime_ns, delivery.file))
    with tempfile.TemporaryDirectory(prefix="cdp-") as folder, duckdb.connect() as connection:
        link = Path(folder) / "landing" / newest.path.relative_to(landing_dir)
        link.parent.mkdir(parents=True)
        link.symlink_to(newest.path.resolve())
        report = load(connection, Path(folder) / "landing", [alone], progress=progress, loaded_at=_LOADED_AT)
        return _look(connection, alone, table, report.files[-1], rows)


def _look(
    connection: duckdb.DuckDBPyConnection, source: Source, table: Table, result: FileResult, rows: int
) -> TablePreview:
    raw_table = source.raw_table(table)
    columns = ["_row", *data_columns(connection, raw_table)]
    first = connection.execute(
        f"select {', '.join(map(quoted, columns))} from raw.{quoted(raw_table)} order by _row limit {rows}"
    ).fetchall()
    rejects = connection.execute(
        "select line, column_name, reason, original_text from raw.rejected_rows order by line limit ?", [rows]
    ).fetchall()
    return TablePreview(table, result, columns, first, [RejectedRow(*row) for row in rejects])


@contextmanager
def _linked(landing_dir: Path, sources: Sequence[Source]) -> Iterator[Path]:
    """A landing folder of links: the loader's temporary copies lie beside it, away from those of a run."""
    with tempfile.TemporaryDirectory(prefix="cdp-") as folder:
        landing = Path(folder) / "landing"
        landing.mkdir()
        for source in sources:
            if (landing_dir / source.name).is_dir():
                (landing / source.name).symlink_to((landing_dir / source.name).resolve())
        yield landing
