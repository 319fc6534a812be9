"""The identity step: from one row per source record to one customer per person, with ids that stay."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import dagster as dg

from identity.decisions import mirror_file
from identity.evaluation import evaluate, hold_floors, newest_figures
from identity.report import IdentityReport
from identity.resolver import resolve
from identity.rules import FLOORS
from orchestration.dbt_graph import NIGHTLY_FRESHNESS
from orchestration.row_counts import row_counts
from orchestration.run_progress import progress
from orchestration.stopwatch import measured
from warehouse.connections import open_state, open_warehouse
from warehouse.settings import Settings

TABLES = {
    "identity_clusters": "One row per source record: the customer it belongs to, strictly and loosely too.",
    "identity_edges": "One row per compared pair of records that may be one person: match weight and rule.",
    "identity_evidence": "One row per pair and field: what was compared, and the match weight it gave.",
    "identity_redirects": "One row per retired customer id: the id that took its place.",
    "identity_vanished": "One row per record that no source holds any more: whose it was.",
    "identity_ledger": "One row per creation, merge, split, move and retirement of a customer id.",
    "identity_evaluation": "One row per run, method and figure, where it is known who is who (the pretend shop).",
    "identity_runs": "One row per resolution: records in, customers out, what changed.",
}


@dg.multi_asset(
    name="customer_identity",
    specs=[
        dg.AssetSpec(
            ["identity", name],
            deps=["int_identity__records", dg.AssetKey(["state", "run_context"])],
            description=text,
            group_name="identity",
            owners=["team:data_engineering"],
            kinds={"duckdb", "python"},
            freshness_policy=NIGHTLY_FRESHNESS,
        )
        for name, text in TABLES.items()
    ],
)
def customer_identity(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
    settings = Settings.load()
    truth = settings.sandbox_dir / "truth" / "records.csv"
    with open_state(settings) as state:
        mirror_file(state)
    with (
        measured(settings, context.run.run_id, "customer_identity"),
        open_warehouse(settings, with_state=True) as connection,
    ):
        report = resolve(connection, run_id=context.run.run_id, as_of=settings.now(), progress=progress.get())
        if truth.exists() and not report.unchanged:
            evaluate(connection, truth)
        figures = newest_figures(connection)
        hold_floors(figures, asdict(FLOORS))
        rows = row_counts(connection, "identity")
    for name in TABLES:
        yield dg.MaterializeResult(
            asset_key=["identity", name],
            metadata={
                "dagster/row_count": rows.get(name, 0),
                "state": "unchanged" if report.unchanged else "resolved",
                **(figures if name == "identity_evaluation" else {}),
                **(_counts(report) if name == "identity_runs" else {}),
            },
        )


def _counts(report: IdentityReport) -> dict[str, int]:
    names = (
        "records",
        "customers",
        "largest_cluster",
        "pairs",
        "model_version",
        "created",
        "merged",
        "split",
        "moved",
        "retired",
        "restored",
    )
    return {name: getattr(report, name) for name in names}
