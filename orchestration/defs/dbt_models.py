"""The dbt project as three steps of the graph: what identity resolution reads, what reads it, and what reads released segments.

One dbt call per step, in this process; a step whose inputs have not changed reports its tables as unchanged.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets
from dbt_common.events.contextvars import task_contextvars

from orchestration import dbt_process, fingerprints, holds
from orchestration.column_lineage import column_graph
from orchestration.compiling import compiled_models
from orchestration.dbt_graph import (
    AFTER_IDENTITY,
    AFTER_RELEASE,
    BEFORE_IDENTITY,
    TRANSLATOR,
    asset_key,
    check_key,
    in_build_order,
)
from orchestration.dbt_process import NodeResult
from orchestration.errors import DbtFailed
from orchestration.opt_out_sources import note_built
from orchestration.row_counts import row_counts
from orchestration.run_progress import progress
from orchestration.stopwatch import measured
from reports.lineage.errors import LineageError
from reports.lineage.graph import Column
from reports.lineage.statements import ROWS
from segments.definitions import keep_compiled
from warehouse.connections import open_warehouse
from warehouse.settings import PROJECT_DIR, Settings

MANIFEST = dbt_process.manifest()
Event = dg.MaterializeResult[Any] | dg.AssetCheckResult


def _part(
    name: str, select: str, exclude: str | None = None
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """The models of these folders as one step. The folders are the project's, wherever the command was started from."""
    with task_contextvars(project_root=str(PROJECT_DIR)):
        return dbt_assets(
            manifest=MANIFEST, select=select, exclude=exclude, dagster_dbt_translator=TRANSLATOR, name=name
        )


@_part("before_identity", BEFORE_IDENTITY)
def before_identity(context: dg.AssetExecutionContext) -> Iterator[Event]:
    """Staging models, and one row per source record that describes a person."""
    yield from _phase(context, BEFORE_IDENTITY)


@_part("after_identity", AFTER_IDENTITY, exclude=AFTER_RELEASE)
def after_identity(context: dg.AssetExecutionContext) -> Iterator[Event]:
    """Marts, metrics, and who would be in each segment."""
    yield from _phase(context, AFTER_IDENTITY, exclude=AFTER_RELEASE)


@_part("after_release", AFTER_RELEASE)
def after_release(context: dg.AssetExecutionContext) -> Iterator[Event]:
    """Who is in each segment, what is told of them, and the tables that syncs send."""
    yield from _phase(context, AFTER_RELEASE)


def _phase(context: dg.AssetExecutionContext, selection: str, exclude: str = "") -> Iterator[Event]:
    settings = Settings.load()
    phase = context.op_def.name
    with open_warehouse(settings) as connection:
        fingerprint = fingerprints.inputs_fingerprint(connection)
        if phase != "before_identity":
            fingerprint = fingerprints.customers_fingerprint(connection, fingerprint)
        if phase == "after_release":
            fingerprint = fingerprints.released_fingerprint(connection, fingerprint)
        if context.is_subset or not fingerprints.is_finished(connection, phase, fingerprint):
            fingerprints.begin(connection, phase)
        else:
            yield from _unchanged(context, connection, phase)
            return
    with measured(settings, context.run.run_id, phase):
        results = dbt_process.build(
            _selected(context, selection), exclude=_excluded(context, exclude), progress=progress.get()
        )
    with open_warehouse(settings) as connection:
        built = {result.unique_id: result.sql for result in results if not result.is_failed}
        keep_compiled(connection, compiled_models(MANIFEST, built))
        holds.record_results(connection, phase, results, is_subset=context.is_subset)
        if phase == "after_identity" and not context.is_subset:
            note_built(connection)
        yield from _events(context, connection, results)
        # a model that raised is tried again by the next run; a test that failed will only fail again
        if not context.is_subset and not any(result.status == "error" for result in results):
            fingerprints.finish(connection, phase, fingerprint)


def _selected(context: dg.AssetExecutionContext, selection: str) -> list[str]:
    """dbt selectors for what is asked for: the whole phase, or the tables and checks ticked in the UI."""
    if not context.is_subset:
        return selection.split()
    tables = context.selected_asset_keys
    checks = [check.name for check in context.selected_asset_check_keys if check.asset_key not in tables]
    return sorted([key.path[-1] for key in tables] + checks)


def _excluded(context: dg.AssetExecutionContext, exclude: str) -> list[str]:
    return [] if context.is_subset else exclude.split()


def _events(context: dg.AssetExecutionContext, connection: Any, results: list[NodeResult]) -> Iterator[Event]:  # noqa: ANN401
    rows = row_counts(connection)
    _tell_untraceable(context)
    for result in results:
        if result.unique_id.startswith("test."):
            yield from _check(context, result)
    built = {asset_key(MANIFEST, r.unique_id): r for r in results if not r.unique_id.startswith("test.")}
    for key in in_build_order(MANIFEST, context.selected_asset_keys):
        metadata = _outcome(built.get(key)) | _origins(key)
        if key.path[-1] in rows:
            metadata["dagster/row_count"] = rows[key.path[-1]]
        yield dg.MaterializeResult(asset_key=key, metadata=metadata)


def _check(context: dg.AssetExecutionContext, result: NodeResult) -> Iterator[dg.AssetCheckResult]:
    key = check_key(MANIFEST, result.unique_id)
    if key is not None and key in context.selected_asset_check_keys:
        severity = dg.AssetCheckSeverity.WARN if result.status == "warn" else dg.AssetCheckSeverity.ERROR
        yield dg.AssetCheckResult(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=result.status == "pass",
            severity=severity,
            metadata={"failing rows": result.failures, "seconds": result.seconds},
            description=result.message or None,
        )


def _outcome(result: NodeResult | None) -> dict[str, Any]:
    """What to show for a table: later steps must go on, so a table that failed is reported as kept, with the reason."""
    if result is None:
        return {"state": "not part of this build"}
    if result.is_failed:
        return {"state": f"kept from an earlier run: {result.status}: {result.message}"}
    return {"state": "rebuilt", "seconds": result.seconds}


def _origins(key: dg.AssetKey) -> dict[str, Any]:
    """Where each column comes from; nothing where a model cannot be traced, which does not stop the night."""
    lineage = None if _untraceable() else table_lineage(key.path[-1])
    return {"dagster/column_lineage": lineage, "columns come from": _as_text(lineage)} if lineage else {}


@cache
def _untraceable() -> str:
    """Why nothing can be traced, empty when it can; asked once, as the whole project is compiled for it."""
    try:
        column_graph()
    except (DbtFailed, LineageError) as error:
        return str(error)
    return ""


def _tell_untraceable(context: dg.AssetExecutionContext) -> None:
    if problem := _untraceable():
        context.log.warning(problem)


def _as_text(lineage: dg.TableColumnLineage) -> dg.MarkdownMetadataValue:
    """The same as a table to read: only Dagster+ draws the lineage of columns."""
    rows = [
        f"| {column} | {', '.join('.'.join([*dep.asset_key.path, dep.column_name]) for dep in deps)} |"
        for column, deps in lineage.deps_by_column.items()
    ]
    return dg.MetadataValue.md("\n".join(["| column | made of |", "|---|---|", *rows]))


def table_lineage(name: str) -> dg.TableColumnLineage | None:
    """What Dagster shows of where a table's columns come from; None for a table that no column leads to."""
    graph = column_graph()
    table = graph.tables.get(name)
    deps = {
        column: [
            dg.TableColumnDep(dg.AssetKey(table_name.split(".")), column_name)
            for table_name, column_name in dict.fromkeys(
                (origin.table, origin.name) for origin in graph.made_of.get(Column(name, column), {})
            )
            if column_name != ROWS
        ]
        for column in (table.fields if table else ())
    }
    found = {column: origins for column, origins in deps.items() if origins}
    return dg.TableColumnLineage(found) if found else None


def _unchanged(context: dg.AssetExecutionContext, connection: Any, phase: str) -> Iterator[Event]:  # noqa: ANN401
    """What was found when these tables were last built still holds; their checks say so again."""
    for result in holds.read_results(connection, phase):
        if result.unique_id.startswith("test."):
            yield from _check(context, result)
    rows = row_counts(connection)
    _tell_untraceable(context)
    for key in in_build_order(MANIFEST, context.selected_asset_keys):
        metadata = {"state": "unchanged: nothing it is built from is new"} | _origins(key)
        if key.path[-1] in rows:
            metadata["dagster/row_count"] = rows[key.path[-1]]
        yield dg.MaterializeResult(asset_key=key, metadata=metadata)
