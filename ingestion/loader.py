"""From landing to `raw.*`: every delivered file that is new, in the order of delivery.

What happens to one file is in `intake.py`; what a load tells is in `reports.py`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb

from ingestion.declarations import Source, Table
from ingestion.deletions import note_old_keys, record_vanished
from ingestion.delivery_dates import date_in_name
from ingestion.intake import load_file, stopping_at
from ingestion.landing import Delivery, find_deliveries, find_unclaimed
from ingestion.ledger import note_taken_away
from ingestion.raw_tables import prepare_tables
from ingestion.reports import Deletion, LoadReport
from warehouse.connections import transaction
from warehouse.progress import Progress, silent


def load(
    connection: duckdb.DuckDBPyConnection,
    landing_dir: Path,
    sources: Sequence[Source],
    *,
    progress: Progress = silent,
    loaded_at: datetime,
) -> LoadReport:
    """Load every delivered file that has not been loaded yet, and say what became of each.

    A file is loaded whole or not at all; what the table has already is not stored again, whatever the file's name. A
    refused file leaves what is there, is recorded with its reason, and is tried again next time while it lies there. `loaded_at` is naive
    UTC. Raises LoadInterrupted when disk, memory or database give out; the next load goes on from there.
    """
    started = time.monotonic()
    prepare_tables(connection, sources)
    for source, table in _delivered_whole(sources):
        note_old_keys(connection, source, table)
    deliveries = [delivery for source in sources for delivery in _in_order(landing_dir, source)]
    taken_away = [
        file
        for source in sources
        for file in note_taken_away(connection, landing_dir, source.name, loaded_at)
    ]
    report = LoadReport(
        taken_away=taken_away,
        not_delivered=_not_delivered(sources, deliveries),
        largest_reject_shares={source.name: source.largest_reject_share for source in sources},
    )
    with opened_workspace(landing_dir) as workspace:
        for done, delivery in enumerate(deliveries):
            progress("load", done, len(deliveries), delivery.file)
            report.files.append(load_file(connection, delivery, workspace, loaded_at))
    progress("load", len(deliveries), len(deliveries))
    report.deletions = list(_record_vanished(connection, sources, loaded_at))
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


def _in_order(landing_dir: Path, source: Source) -> list[Delivery]:
    """By table as declared, then by the date in the name; files without a date are of today, so they come last."""
    places = {table.name: place for place, table in enumerate(source.tables)}
    return sorted(
        find_deliveries(landing_dir, source),
        key=lambda found: (places[found.table.name], date_in_name(found.file) or datetime.max, found.file),
    )


def _not_delivered(sources: Iterable[Source], deliveries: Iterable[Delivery]) -> list[str]:
    delivered = {delivery.raw_table for delivery in deliveries}
    names = [source.raw_table(table) for source in sources for table in source.tables]
    return [name for name in names if name not in delivered]


def _record_vanished(
    connection: duckdb.DuckDBPyConnection, sources: Iterable[Source], detected_at: datetime
) -> Iterator[Deletion]:
    """Per table that is delivered whole, once its files are in; done at every load, so a killed one is made good."""
    for source, table in _delivered_whole(sources):
        with stopping_at(source.raw_table(table)), transaction(connection):
            found = record_vanished(connection, source, table, detected_at)
        if found is not None:
            yield found


def _delivered_whole(sources: Iterable[Source]) -> Iterator[tuple[Source, Table]]:
    return ((source, table) for source in sources for table in source.tables if table.load == "replace")


@contextmanager
def opened_workspace(landing_dir: Path) -> Iterator[Path]:
    """A folder beside landing for temporary copies, emptied before and after: copies hold personal data too."""
    folder = landing_dir.parent / ".ingestion"
    shutil.rmtree(folder, ignore_errors=True)  # what a killed run left
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
