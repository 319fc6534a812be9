"""What is wrong now, gathered from every room, and told to people once: at the end of a run, or where it stopped.

What is said and how it is sent is the alerts room's work; nothing is mended here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime

import duckdb

from alerts import AlertReport, Condition, notify
from ingestion.freshness import SourceStatus, source_status
from orchestration import holds
from orchestration.sources import SOURCES
from reverse_etl.log import read_newest_runs
from reverse_etl.results import NEEDS_NOBODY
from segments.release import read_held
from warehouse.connections import open_state, open_warehouse
from warehouse.pull_record import read_pulls
from warehouse.settings import Settings


def tell(settings: Settings, *, stopped: str | None = None) -> AlertReport:
    """Tell what has begun and ended since the last round; `stopped` is why the run did not reach its end.

    The caller holds the run's lock.
    """
    now = settings.now()
    with open_warehouse(settings) as connection:
        found = [*_of_sources(connection, now), *_of_tests(connection, now)]
    with open_state(settings) as connection:
        found += [*_of_pulls(connection), *_of_segments(connection), *_of_syncs(connection)]
    if stopped is not None:
        found.append(Condition("run:nightly", "stopped", stopped, now))
    return notify(lambda: open_state(settings), found, environ=os.environ, now=now)


def _of_sources(connection: duckdb.DuckDBPyConnection, now: datetime) -> Iterator[Condition]:
    for status in source_status(connection, SOURCES, now):
        yield from _of_source(status, now)


def _of_source(status: SourceStatus, now: datetime) -> Iterator[Condition]:
    subject = f"source:{status.source}"
    delivered = status.last_delivered_at or now
    if status.is_late and status.last_loaded_at is not None:
        sentence = (
            f"The newest delivery came on {status.last_loaded_at:%Y-%m-%d %H:%M} UTC; one is expected every "
            f"{status.expected_every_hours:g} hours."
        )
        yield Condition(subject, "late", sentence, status.next_expected_at or now)
    for shrunk in status.shrunk:
        sentence = f"{shrunk.table_name}: {shrunk.rows:,} rows, where {shrunk.usual_rows:,} are usual."
        if shrunk.keys_missing:
            sentence += f" {shrunk.keys_missing:,} keys are no longer there, too many to take for deleted."
        yield Condition(subject, "shrinking", sentence, shrunk.delivered_at)
    for refused in status.refused:
        yield Condition(subject, "refused", refused.message, now)
    if status.rejects_too_much:
        sentence = f"{status.reject_share:.1%} of the newest rows were rejected; {status.largest_reject_share:.1%} are allowed."
        yield Condition(subject, "rejected", sentence, delivered)


def _of_tests(connection: duckdb.DuckDBPyConnection, now: datetime) -> Iterator[Condition]:
    """Failed tests and models; what failed is told by its name, for messages may quote data."""
    for unique_id in holds.read_failures(connection):
        kind, _, name = unique_id.split(".")[:3]
        yield Condition(f"{kind}:{name}", "failing", f"The {kind} {name} did not pass in the last run.", now)


def _of_pulls(connection: duckdb.DuckDBPyConnection) -> Iterator[Condition]:
    for pull in read_pulls(connection):
        if pull.status == "failed":
            yield Condition(f"source:{pull.source}", "failed", pull.message, pull.pulled_at)


def _of_segments(connection: duckdb.DuckDBPyConnection) -> Iterator[Condition]:
    for held in read_held(connection):
        sentence = f"{held.title}: {'; '.join(held.reasons)}."
        yield Condition(f"segment:{held.segment}", "withheld", sentence, held.decided_at)


def _of_syncs(connection: duckdb.DuckDBPyConnection) -> Iterator[Condition]:
    """Each sync's newest run, where it did not do what it should."""
    for run in read_newest_runs(connection):
        if run["status"] not in NEEDS_NOBODY:
            why = " ".join(text for text in (run["held_reason"], run["message"]) if text)
            yield Condition(
                f"sync:{run['sync']}", "held", why or f"It ended as {run['status']}.", run["finished_at"]
            )
