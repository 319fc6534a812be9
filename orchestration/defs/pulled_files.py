"""Sources that this platform asks itself (APIs, databases, buckets, servers): one step each, and a job where one has a schedule.

Asking is the ingestion room's work; a source that cannot be asked is a failed check, and everything else goes on.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from ingestion.declarations import Source
from orchestration.pulls import pull_sources
from orchestration.run_progress import progress
from orchestration.sources import SOURCES, delivery_spec, file_key
from warehouse.settings import Settings

CHECK = "was_pulled"


def pulled_files(source: Source) -> dg.AssetsDefinition:
    """The step that pulls one source into landing; it needs neither the warehouse nor the run lock."""
    specs = [delivery_spec(source, table) for table in source.tables]

    @dg.multi_asset(
        name=f"pull_{source.name}",
        specs=specs,
        check_specs=[
            dg.AssetCheckSpec(
                CHECK, asset=spec.key, description=f"{source.title} answered when it was asked."
            )
            for spec in specs
        ],
    )
    def pull_source() -> Iterator[dg.MaterializeResult[Any]]:
        (result,) = pull_sources(Settings.load(), [source], progress.get()).results
        for table in source.tables:
            files = [file for file in result.files if file.table_name in (table.name, None)]
            key = file_key(source, table)
            yield dg.MaterializeResult(
                asset_key=key,
                metadata={
                    "files": dg.MetadataValue.md(
                        "\n".join(f"- {file.file}" for file in files) or "nothing new"
                    ),
                    "rows": sum(file.rows or 0 for file in files),
                    "outcome": result.message or result.status,
                },
                check_results=[
                    dg.AssetCheckResult(
                        check_name=CHECK, passed=result.status != "failed", description=result.message or None
                    )
                ],
            )

    return pull_source


@dg.definitions
def pulls() -> dg.Definitions:
    """Every pulled source, and a schedule for each that wants to be asked more often than nightly."""
    pulled = [source for source in SOURCES if source.is_pulled]
    assets = [pulled_files(source) for source in pulled]
    return dg.Definitions(
        assets=assets, schedules=[_schedule(source) for source in pulled if source.schedule]
    )


def _schedule(source: Source) -> dg.ScheduleDefinition:
    job = dg.define_asset_job(
        f"pull_{source.name}_job",
        selection=dg.AssetSelection.assets(*(file_key(source, table) for table in source.tables)),
        description=f"Fetch what is new at {source.title} into landing; the next run loads it.",
        executor_def=dg.in_process_executor,
    )
    return dg.ScheduleDefinition(
        name=f"pull_{source.name}",
        job=job,
        cron_schedule=source.schedule,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"{source.title}, as often as its declaration says.",
    )
