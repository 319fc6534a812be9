"""How each source stands: when it last brought something, what it holds, and whether it is late.

Read from the ledger alone; what to do about a late source is decided by the front doors and the gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

import duckdb

from ingestion.declarations import Source
from ingestion.raw_tables import prepare_tables


@dataclass(frozen=True)
class RefusedFile:
    """A file whose latest delivery was refused, and why. `is_newest`: nothing later came in for its table.

    One that was taken away after it was refused counts until something of its date or later comes in.
    """

    table_name: str
    file: str
    message: str
    is_newest: bool = True


@dataclass(frozen=True)
class ShrunkTable:
    """A table whose newest delivery is much smaller than those before.

    `usual_rows` is the median of up to seven deliveries before it; `keys_missing` counts the keys that a delivery of
    the whole table lacks, more than `largest_shrink` allows, so that none was taken for deleted.
    """

    table_name: str
    delivered_at: datetime
    rows: int
    usual_rows: int
    keys_missing: int


@dataclass(frozen=True)
class TableRejects:
    """How many rows of a table's newest delivery are rejected still, of how many in its files."""

    table_name: str
    rows: int
    rejected: int


@dataclass(frozen=True)
class SourceStatus:
    """One source as of a time; counts are rows over all loads. A source that never delivered is not late.

    `last_loaded_at` is when something new last came in, `last_delivered_at` the date that the newest delivery carries.
    `rejects` are those of the newest delivery of each table, `reject_share` (0–1) their share of all its rows.
    """

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
    last_delivered_at: datetime | None = None
    next_expected_at: datetime | None = None
    rejects: tuple[TableRejects, ...] = ()
    largest_reject_share: float = 0.0
    shrunk: tuple[ShrunkTable, ...] = ()

    @property
    def missing_files(self) -> tuple[RefusedFile, ...]:
        """Refused files that nothing later made up for: what the source says now is not known."""
        return tuple(refused for refused in self.refused if refused.is_newest)

    @property
    def reject_share(self) -> float:
        rows = sum(table.rows for table in self.rejects)
        return sum(table.rejected for table in self.rejects) / rows if rows else 0.0

    @property
    def rejects_too_much(self) -> bool:
        return self.reject_share > self.largest_reject_share


def source_status(
    connection: duckdb.DuckDBPyConnection, sources: Iterable[Source], now: datetime
) -> list[SourceStatus]:
    """The status of every given source, in the order given; `now` is naive UTC."""
    prepare_tables(connection, ())
    return [_status(connection, source, now) for source in sources]


def _status(connection: duckdb.DuckDBPyConnection, source: Source, now: datetime) -> SourceStatus:
    # a delivery of what is known already is skipped, but the source did deliver
    last, newest, files, rows, rejected, delivered = connection.execute(
        "select max(loaded_at), arg_max(file, load_id), count(file_hash) filter (status = 'loaded'), "
        "coalesce(sum(rows_loaded), 0), coalesce(sum(rows_rejected), 0), max(delivered_at) "
        "from raw.loads where source = ? and status in ('loaded', 'skipped')",
        [source.name],
    ).fetchall()[0]
    due = last + timedelta(hours=source.expected_every_hours) if last else None
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
        is_late=due is not None and now > due,
        last_delivered_at=delivered,
        next_expected_at=due,
        rejects=_rejects(connection, source),
        largest_reject_share=source.largest_reject_share,
        shrunk=tuple(_shrunk(connection, source)),
    )


def _rejects(connection: duckdb.DuckDBPyConnection, source: Source) -> tuple[TableRejects, ...]:
    found = connection.execute(
        "select table_name, sum(rows_in_file)::bigint, sum(rows_rejected)::bigint from ("
        "select * from raw.loads where source = ? and status = 'loaded' "
        "qualify rank() over (partition by table_name order by delivered_at desc) = 1) group by table_name order by 1",
        [source.name],
    ).fetchall()
    return tuple(TableRejects(*row) for row in found)


def _shrunk(connection: duckdb.DuckDBPyConnection, source: Source) -> Iterator[ShrunkTable]:
    for table in source.tables:
        # several files of one date are one delivery
        deliveries = connection.execute(
            "select delivered_at, sum(rows_in_file)::bigint from raw.loads where source = ? and table_name = ? "
            "and status = 'loaded' group by all order by 1 desc limit 8",
            [source.name, table.name],
        ).fetchall()
        (missing,) = connection.execute(
            "select count(*) from raw.live_keys where source = ? and table_name = ? and seen_at < ?",
            [source.name, table.name, deliveries[0][0] if deliveries else None],
        ).fetchall()[0]
        # what brings only changes varies, and begins with everything: it is compared with several before
        if len(deliveries) > (1 if table.load == "replace" else 3):
            usual = int(median(rows for _, rows in deliveries[1:]))
            at, rows = deliveries[0]
            if missing or rows < (1 - table.largest_shrink) * usual:
                yield ShrunkTable(table.name, at, rows, usual, missing)


def _refused(connection: duckdb.DuckDBPyConnection, source: Source) -> tuple[RefusedFile, ...]:
    # files of one date are one delivery: what came in beside a refused file does not make up for it, unless it was
    # taken away
    found = connection.execute(
        "select table_name, file, message, coalesce(delivered_at >= came_in_at, true) from (select *, "
        "max(delivered_at) filter (status in ('loaded', 'skipped')) over (partition by table_name) as came_in_at "
        "from raw.loads where source = ? "
        "qualify row_number() over (partition by table_name, file order by load_id desc) = 1) "
        "where status = 'refused' or (status = 'taken away' and coalesce(delivered_at > came_in_at, true)) "
        "order by load_id",
        [source.name],
    ).fetchall()
    return tuple(RefusedFile(*row) for row in found)
