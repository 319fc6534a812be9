"""Every declared sync as an asset: planned, gated, sent and acknowledged by the activation room.

The gate is inside the code that sends; a sync that is held or fails is a failed check here, and the others go on.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from orchestration import dbt_process
from orchestration.dbt_graph import NIGHTLY_FRESHNESS
from orchestration.opt_out_sources import sync_holds
from orchestration.run_progress import progress
from orchestration.stopwatch import measured
from reverse_etl.connecting import load_accounts
from reverse_etl.declarations import SyncDeclaration, read_syncs
from reverse_etl.metrics import build_metrics
from reverse_etl.results import CLEAN, SyncResult
from reverse_etl.runner import run_syncs
from warehouse.connections import open_state, open_warehouse
from warehouse.run_context import copy_sent
from warehouse.settings import Settings

SYNCS = read_syncs(dbt_process.manifest())
SENT = {
    "sync_runs": "One row per sync and run: how many were added, updated, removed, refused, and why it was held.",
    "sync_log": "One row per operation that was sent: what, for whom, and what the tool answered.",
    "refusals": "One row per person in an audience whom the newest run did not send, with the reason.",
    "sync_metrics": "One row per sync and run: acceptance rate, match rate and seconds to an answer.",
}


@dg.multi_asset(
    name="destination_syncs",
    can_subset=True,
    specs=[
        dg.AssetSpec(
            sync.name,
            deps=[sync.table, "consents", "suppressions"],
            description=sync.description or f"{sync.target} at {sync.destination}.",
            group_name="activation",
            owners=["team:marketing"],
            kinds={sync.destination},
            freshness_policy=NIGHTLY_FRESHNESS,
            skippable=True,
        )
        for sync in SYNCS
    ]
    + [
        dg.AssetSpec(
            ["activation", name],
            deps=[sync.name for sync in SYNCS],
            description=text,
            group_name="activation",
            owners=["team:data_engineering"],
            kinds={"duckdb"},
            freshness_policy=NIGHTLY_FRESHNESS,
            skippable=True,
        )
        for name, text in SENT.items()
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "was_sent",
            asset=sync.name,
            description="Nothing held this audience back and the tool acknowledged every row that may be sent.",
        )
        for sync in SYNCS
    ],
)
def destination_syncs(context: dg.AssetExecutionContext) -> Iterator[Any]:
    settings = Settings.load()
    asked = [sync for sync in SYNCS if dg.AssetKey(sync.name) in context.selected_asset_keys]
    with measured(settings, context.run.run_id, "destination_syncs"):
        results = send(settings, asked, run_id=context.run.run_id)
    for result in results:
        yield from _events(result)
    with open_warehouse(settings, with_state=True) as connection:
        rows = {**copy_sent(connection), "sync_metrics": build_metrics(connection)}
    for name, count in rows.items():
        if dg.AssetKey(["activation", name]) in context.selected_asset_keys:
            yield dg.MaterializeResult(asset_key=["activation", name], metadata={"dagster/row_count": count})


def send(settings: Settings, syncs: list[SyncDeclaration], *, run_id: str) -> list[SyncResult]:
    """Run the syncs in order; one that is held or fails does not stop the next."""
    accounts = load_accounts(settings.outbox_dir)
    with open_warehouse(settings) as connection:
        blocked = sync_holds(connection, SYNCS, settings.now())
    return run_syncs(
        lambda: open_warehouse(settings.for_syncs, with_state=True),
        lambda: open_state(settings.for_syncs),
        syncs,
        accounts,
        run_id,
        settings.now(),
        progress.get(),
        blocked=blocked,
        keep_days=settings.sync_log_days,
        declared=SYNCS,
    )


def _events(result: SyncResult) -> Iterator[Any]:
    sent = result.status in CLEAN
    if sent:
        yield dg.MaterializeResult(
            asset_key=result.sync,
            metadata={
                "dagster/row_count": result.added + result.updated + result.unchanged,
                "added": result.added,
                "updated": result.updated,
                "removed": result.removed,
                "refused": sum(result.refused.values()),
            },
        )
    yield dg.AssetCheckResult(
        asset_key=result.sync,
        check_name="was_sent",
        passed=sent,
        severity=dg.AssetCheckSeverity.WARN
        if result.status == "not configured"
        else dg.AssetCheckSeverity.ERROR,
        description=None if sent else result.sentence,
        metadata={
            "status": result.status,
            "may be sent": result.desired,
            "held back": result.waiting,
            "unanswered": result.failed,
            "still working on": result.pending,
            "not sent": {reason: str(count) for reason, count in result.refused.items()},
            "refused by the tool": {reason: str(count) for reason, count in result.rejected.items()},
        },
    )
