"""Releases segments at the end of a build: what failed and what is late is gathered here, the segments room decides.

Which syncs a held segment holds is said in `holds`.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from ingestion.freshness import source_status
from orchestration import dbt_process
from orchestration.holds import broken_segments, read_failures
from orchestration.sources import SOURCES
from segments.audit import SourceState
from segments.contracts import Segment
from segments.definitions import Definition, define, read_compiled, tables_of_all
from segments.release import Decision, Run, release_segments
from warehouse.connections import open_warehouse
from warehouse.run_context import copy_segments
from warehouse.settings import Settings


def release(settings: Settings, segments: Mapping[str, Segment], *, run_id: str) -> list[Decision]:
    """Release or hold every segment, and copy what SQL needs of it into warehouse schema `state`."""
    now = settings.now()
    with open_warehouse(settings, with_state=True) as connection:
        statuses = source_status(connection, SOURCES, now)
        run = Run(
            run_id,
            now,
            {
                status.source: SourceState(
                    status.last_loaded_at,
                    status.next_expected_at,
                    tuple(refused.file for refused in status.missing_files),
                )
                for status in statuses
            },
            broken_segments(dbt_process.manifest(), read_failures(connection)),
            _definitions(connection, segments),
        )
        decisions = release_segments(connection, segments, run)
        copy_segments(connection)
    return decisions


def _definitions(
    connection: duckdb.DuckDBPyConnection, segments: Mapping[str, Segment]
) -> dict[str, Definition]:
    models = read_compiled(connection)
    tables = tables_of_all(models)
    found = {name: define(segment, models, "this run", tables) for name, segment in segments.items()}
    return {name: definition for name, definition in found.items() if definition is not None}
