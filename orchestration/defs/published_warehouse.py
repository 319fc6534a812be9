"""The last step: the finished run becomes the one file that readers open, and the state is backed up."""

from typing import Any

import dagster as dg

from orchestration import fingerprints
from orchestration.dbt_graph import NIGHTLY_FRESHNESS
from orchestration.defs.dbt_models import after_identity, after_release
from orchestration.defs.destination_syncs import SENT
from orchestration.run_progress import progress
from orchestration.stopwatch import measured
from warehouse.backups import back_up
from warehouse.connections import open_state, open_warehouse
from warehouse.publishing import publish
from warehouse.quality_history import keep_quality
from warehouse.run_record import end_run
from warehouse.settings import Settings


@dg.asset(
    name="published_warehouse",
    deps=[*after_identity.keys, *after_release.keys, *(dg.AssetKey(["activation", name]) for name in SENT)],
    group_name="published",
    owners=["team:data_engineering"],
    kinds={"duckdb"},
    freshness_policy=NIGHTLY_FRESHNESS,
    description="The finished run as one read-only file: what the console, notebooks and BI tools open.",
)
def published_warehouse(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
    settings = Settings.load()
    with measured(settings, context.run.run_id, "publish"):
        with open_warehouse(settings, with_state=True) as connection:
            keep_quality(connection)
        tables = _publish(settings)
    with open_state(settings) as connection:
        end_run(connection, run_id=context.run.run_id, status="succeeded")
        backup = back_up(connection, settings, settings.now().strftime("%Y%m%dT%H%M%S"))
    return dg.MaterializeResult(
        metadata={
            "tables": tables or "unchanged: readers have it all",
            "MiB": settings.published_path.stat().st_size / 2**20,
            "file": dg.MetadataValue.path(str(settings.published_path)),
            "backup": backup.name,
        }
    )


def _publish(settings: Settings) -> int:
    """Copy what changed for readers; 0 when nothing did."""
    with open_warehouse(settings) as connection:
        fingerprint = fingerprints.published_fingerprint(connection)
        if settings.published_path.exists() and fingerprints.is_finished(
            connection, "published", fingerprint
        ):
            return 0
        tables = publish(connection, settings.published_path, progress.get())
        fingerprints.finish(connection, "published", fingerprint)
    return tables
