"""Delivered files and the raw tables they fill: one step that loads everything new, all or nothing per file.

Reading files is the ingestion room's work; here a table becomes an asset, and its rejects and freshness checks.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from ingestion.declarations import Source, Table
from ingestion.freshness import SourceStatus, TableRejects, source_status
from ingestion.loader import load
from ingestion.reports import FileResult, LoadReport
from ingestion.retention import plan_removal, remove
from orchestration.dbt_graph import NIGHTLY_FRESHNESS
from orchestration.row_counts import row_counts
from orchestration.run_progress import progress
from orchestration.sources import (
    SOURCES,
    TABLES,
    delivery_spec,
    file_key,
    raw_key,
    source_key,
    source_spec,
)
from orchestration.stopwatch import measured
from warehouse.connections import open_warehouse
from warehouse.settings import Settings

# what people and tools deliver: watched, not made, by this platform
DELIVERING_SOURCES = [source_spec(source) for source in SOURCES]
DELIVERED_FILES = [delivery_spec(source, table) for source, table in TABLES if not source.is_pulled]

DELETED_ROWS = dg.AssetKey(["raw", "deleted_rows"])
REJECTED_ROWS = dg.AssetKey(["raw", "rejected_rows"])
LOADS = dg.AssetKey(["raw", "loads"])


def _spec(key: dg.AssetKey, deps: list[dg.AssetKey], description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        key,
        deps=deps,
        description=description,
        group_name="raw",
        owners=["team:data_engineering"],
        kinds={"duckdb"},
        freshness_policy=NIGHTLY_FRESHNESS,
    )


@dg.multi_asset(
    name="raw_tables",
    specs=[
        # the run context comes first: with it the run is on record, and no other one is under way
        *(
            _spec(
                raw_key(source, table),
                [file_key(source, table), dg.AssetKey(["state", "run_context"])],
                f"As delivered: {table.description}",
            )
            for source, table in TABLES
        ),
        _spec(
            DELETED_ROWS,
            [raw_key(source, table) for source, table in TABLES if table.load == "replace"],
            "One row per key that the newest delivery of a table that is delivered whole no longer has.",
        ),
        _spec(
            REJECTED_ROWS,
            [raw_key(source, table) for source, table in TABLES],
            "One row per delivered row that could not be loaded, with its reason and its text.",
        ),
        _spec(
            LOADS,
            [raw_key(source, table) for source, table in TABLES],
            "One row per delivered file: what became of it, and how many rows were loaded and rejected.",
        ),
    ],
    check_specs=[
        dg.AssetCheckSpec(name, asset=raw_key(source, table), description=text)
        for source, table in TABLES
        for name, text in (
            (
                "every_file_was_read",
                "No delivered file was refused; a refused file waits in the landing folder.",
            ),
            (
                "few_rows_were_rejected",
                "No more rows were rejected than the source allows; each is in raw.rejected_rows with its reason.",
            ),
            ("is_fresh", "A file arrived within the time this source is expected to deliver in."),
        )
    ],
)
def raw_tables(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
    settings = Settings.load()
    now = settings.now()
    with measured(settings, context.run.run_id, "raw_tables"), open_warehouse(settings) as connection:
        report = load(connection, settings.landing_dir, SOURCES, progress=progress.get(), loaded_at=now)
        remove(plan_removal(connection, settings.landing_dir, SOURCES, now=now))
        rows = row_counts(connection, "raw")
        statuses = {status.source: status for status in source_status(connection, SOURCES, now)}
    for source in SOURCES:
        if statuses[source.name].last_loaded_at == now:
            context.log_event(dg.AssetMaterialization(source_key(source)))
    for source, table in TABLES:
        _observe(context, source, table, report)
        yield _result(source, table, report, rows.get(source.raw_table(table), 0), statuses[source.name])
    for key in (DELETED_ROWS, REJECTED_ROWS, LOADS):
        yield dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": rows.get(key.path[-1], 0)})


def _observe(context: dg.AssetExecutionContext, source: Source, table: Table, report: LoadReport) -> None:
    """Note on the delivered files' own asset what arrived, when something new did."""
    files = [r for r in _files_of(source, table, report) if r.status != "skipped"]
    if files:
        note = {"files": dg.MetadataValue.md(_file_list(files))}
        context.log_event(dg.AssetObservation(asset_key=file_key(source, table), metadata=note))


def _files_of(source: Source, table: Table, report: LoadReport) -> list[FileResult]:
    return [r for r in report.files if (r.source, r.table_name) == (source.name, table.name)]


def _result(
    source: Source, table: Table, report: LoadReport, rows: int, status: SourceStatus
) -> dg.MaterializeResult[Any]:
    files = _files_of(source, table, report)
    refused = [r for r in files if r.status == "refused"]
    # of the newest delivery, whenever it came: rows that wait for a correction are not fine because a night has passed
    newest = next((t for t in status.rejects if t.table_name == table.name), TableRejects(table.name, 0, 0))
    key = raw_key(source, table)
    return dg.MaterializeResult(
        asset_key=key,
        metadata={
            "dagster/row_count": rows,
            "rows loaded now": sum(r.rows_loaded for r in files),
            "rows rejected now": sum(r.rows_rejected for r in files),
            "reject share": newest.rejected / newest.rows if newest.rows else 0.0,
            "files": dg.MetadataValue.md(_file_list(files)),
        },
        check_results=[
            _check(key, "every_file_was_read", not refused, dg.AssetCheckSeverity.ERROR, _reasons(refused)),
            _check(
                key,
                "few_rows_were_rejected",
                newest.rejected <= source.largest_reject_share * newest.rows,
                dg.AssetCheckSeverity.WARN,
                f"{newest.rejected} of the newest {newest.rows} rows are rejected; "
                f"{source.largest_reject_share:.1%} are allowed",
            ),
            _check(
                key,
                "is_fresh",
                not status.is_late,
                dg.AssetCheckSeverity.WARN,
                f"newest load {status.last_loaded_at}",
            ),
        ],
    )


def _check(
    key: dg.AssetKey, name: str, passed: bool, severity: dg.AssetCheckSeverity, why: str
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key, check_name=name, passed=passed, severity=severity, description=None if passed else why
    )


def _file_list(files: list[FileResult]) -> str:
    return "\n".join(f"- {r.file}: {r.status}, {r.rows_loaded:,} rows {r.message}" for r in files) or "none"


def _reasons(refused: list[FileResult]) -> str:
    return " ".join(f"{r.file}: {r.message}" for r in refused)
