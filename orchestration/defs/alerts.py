"""The very last step: what is wrong is told to people once, and once more when it is right again; also when a run stopped."""

from typing import Any

import dagster as dg

from orchestration.alerting import tell
from orchestration.dbt_graph import NIGHTLY_FRESHNESS
from orchestration.defs.nightly import MAIN_JOB
from warehouse.run_lock import release_run_lock, take_run_lock
from warehouse.settings import Settings


@dg.asset(
    key=["platform", "alerts"],
    deps=["published_warehouse"],
    group_name="published",
    owners=["team:data_engineering"],
    kinds={"duckdb"},
    freshness_policy=NIGHTLY_FRESHNESS,
    description="One row per time that something was wrong (in the state file), told by log, webhook and mail.",
)
def alerts() -> dg.MaterializeResult[Any]:
    report = tell(Settings.load())
    wrong = [alert.sentence for alert in (*report.raised, *report.still_open)]
    return dg.MaterializeResult(
        metadata={
            "raised now": len(report.raised),
            "recovered now": len(report.recovered),
            "open": dg.MetadataValue.md("\n".join(f"- {sentence}" for sentence in wrong) or "nothing"),
            "not told": dg.MetadataValue.md(
                "\n".join(f"- {problem}" for problem in report.problems) or "nothing"
            ),
        }
    )


@dg.run_failure_sensor(default_status=dg.DefaultSensorStatus.RUNNING, monitor_all_code_locations=False)
def tell_of_stopped_runs(context: dg.RunFailureSensorContext) -> None:
    """A run that stopped tells so itself when it was started by hand; for one that was not, this does."""
    if context.dagster_run.job_name != MAIN_JOB:
        return
    settings = Settings.load()
    take_run_lock(settings)
    try:
        tell(settings, stopped=context.failure_event.message or "The run stopped; its log says where.")
    finally:
        release_run_lock(settings)
