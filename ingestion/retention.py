"""Delivered files that are old enough to go: loaded, unchanged since, and past their source's `retention_days`.

Only files in landing are removed here; what they brought stays in the warehouse.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import duckdb

from ingestion.declarations import Source
from ingestion.errors import FileUnreadable
from ingestion.fingerprints import Fingerprint, check_unchanged, take_fingerprint
from ingestion.landing import Delivery, find_deliveries
from ingestion.raw_tables import prepare_tables


@dataclass(frozen=True)
class ExpiredFile:
    """A file that may be removed; `delivered_at` (naive UTC) is more than the source's `retention_days` ago."""

    source: str
    file: str
    bytes: int
    delivered_at: datetime
    fingerprint: Fingerprint


def plan_removal(
    connection: duckdb.DuckDBPyConnection, landing_dir: Path, sources: Iterable[Source], *, now: datetime
) -> list[ExpiredFile]:
    """The files to remove, by source and name. `now` is naive UTC.

    A file goes only if every table that asks for it has loaded exactly these bytes under this name: what is new,
    refused, or changed since stays.
    """
    prepare_tables(connection, ())
    return [
        expired
        for source in sources
        if source.retention_days is not None
        for _, group in groupby(_by_file(landing_dir, source), key=lambda delivery: delivery.file)
        if (expired := _expired(connection, list(group), now - timedelta(days=source.retention_days)))
    ]


def remove(files: Iterable[ExpiredFile]) -> list[ExpiredFile]:
    """Delete the planned files; returns those that are gone. A file that changed since it was planned stays."""
    removed = []
    for file in files:
        try:
            check_unchanged(file.fingerprint)
        except FileUnreadable:
            continue
        file.fingerprint.path.unlink(missing_ok=True)
        removed.append(file)
    return removed


def _by_file(landing_dir: Path, source: Source) -> list[Delivery]:
    return sorted(find_deliveries(landing_dir, source), key=lambda delivery: delivery.file)


def _expired(
    connection: duckdb.DuckDBPyConnection, deliveries: Sequence[Delivery], before: datetime
) -> ExpiredFile | None:
    loads = [_last_load(connection, delivery) for delivery in deliveries]
    known = [load for load in loads if load is not None and load[1] < before]
    if len(known) < len(deliveries):
        return None
    try:
        fingerprint = take_fingerprint(deliveries[0].path)
    except FileUnreadable:
        return None
    if {sha256 for sha256, _ in known} != {fingerprint.sha256}:
        return None
    first = deliveries[0]
    return ExpiredFile(
        first.source.name, first.file, fingerprint.size, max(at for _, at in known), fingerprint
    )


def _last_load(connection: duckdb.DuckDBPyConnection, delivery: Delivery) -> tuple[str, datetime] | None:
    """(hash, date of delivery) of the last load of this name, or None when its last delivery was not loaded."""
    found = connection.execute(
        "select file_hash, delivered_at, status from raw.loads where source = ? and table_name = ? and file = ? "
        "and (file_hash is not null or status = 'refused') order by load_id desc limit 1",
        [delivery.source.name, delivery.table.name, delivery.file],
    ).fetchone()
    return (found[0], found[1]) if found and found[2] == "loaded" else None
