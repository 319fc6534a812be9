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

from ingestion.archives import list_members, unpack
from ingestion.declarations import Source
from ingestion.errors import FileUnreadable
from ingestion.fingerprints import take_fingerprint
from ingestion.landing import Delivery, find_deliveries
from ingestion.loader import opened_workspace
from ingestion.raw_tables import prepare_tables


@dataclass(frozen=True)
class ExpiredFile:
    """A file that may be removed; `delivered_at` (naive UTC) is more than the source's `retention_days` ago."""

    source: str
    path: Path
    bytes: int
    modified_ns: int
    delivered_at: datetime


def plan_removal(
    connection: duckdb.DuckDBPyConnection, landing_dir: Path, sources: Iterable[Source], *, now: datetime
) -> list[ExpiredFile]:
    """The files to remove, by source and name. `now` is naive UTC.

    A file goes only if every table that asks for it has loaded exactly these bytes under this name, and an archive only
    if that is so of all in it: what is new, refused, not asked for, or changed since stays.
    """
    prepare_tables(connection, ())
    expired = []
    with opened_workspace(landing_dir) as workspace:
        for source in sources:
            if source.retention_days is not None:
                before = now - timedelta(days=source.retention_days)
                deliveries = sorted(find_deliveries(landing_dir, source), key=lambda delivery: delivery.path)
                for _, group in groupby(deliveries, key=lambda delivery: delivery.path):
                    expired.append(_expired(connection, list(group), before, workspace))
    return [file for file in expired if file is not None]


def remove(files: Iterable[ExpiredFile]) -> list[ExpiredFile]:
    """Delete the planned files; returns those that were removed. A file that changed since it was planned stays."""
    removed = []
    for file in files:
        if file.path.exists() and _identity(file.path) == (file.bytes, file.modified_ns):
            file.path.unlink()
            removed.append(file)
    return removed


def _expired(
    connection: duckdb.DuckDBPyConnection, deliveries: Sequence[Delivery], before: datetime, workspace: Path
) -> ExpiredFile | None:
    first = deliveries[0]
    dates = []
    size, modified_ns = _identity(first.path)
    for delivery in deliveries:
        load = _last_load(connection, delivery)
        if load is None or load[1] >= before or load[0] != _sha256(delivery, workspace):
            return None
        dates.append(load[1])
    if first.member is not None:
        asked_for = {delivery.member for delivery in deliveries}
        if not asked_for.issuperset(list_members(first.path)):
            return None
    return ExpiredFile(first.source.name, first.path, size, modified_ns, max(dates))


def _sha256(delivery: Delivery, workspace: Path) -> str | None:
    try:
        return take_fingerprint(unpack(delivery.path, delivery.member, workspace)).sha256
    except FileUnreadable:
        return None


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _last_load(connection: duckdb.DuckDBPyConnection, delivery: Delivery) -> tuple[str, datetime] | None:
    """(hash, date of delivery) of what came last under this name, or None when it was refused or never seen."""
    found = connection.execute(
        "select file_hash, delivered_at, status from raw.loads where source = ? and table_name = ? and file = ? "
        "and (file_hash is not null or status = 'refused') order by load_id desc limit 1",
        [delivery.source.name, delivery.table.name, delivery.file],
    ).fetchone()
    return (found[0], found[1]) if found and found[2] != "refused" else None
