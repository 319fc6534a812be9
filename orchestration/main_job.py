"""Runs the main job in this process, so that what the command line does and what the UI shows is the same thing.

The steps are Dagster's; this starts them, and says in a sentence why one stopped.
"""

from __future__ import annotations

import re
import uuid
from contextlib import suppress

import dagster as dg

from orchestration import run_progress
from orchestration.alerting import tell
from orchestration.defs.nightly import MAIN_JOB
from orchestration.errors import RunFailed
from warehouse.connections import open_state
from warehouse.errors import CdpError
from warehouse.progress import Progress
from warehouse.run_lock import release_run_lock, take_run_lock
from warehouse.run_record import end_run
from warehouse.settings import Settings

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


# Dagster puts the class before the message; what is one of our own errors is a sentence without it
_CLASS = re.compile(
    r"^(?:warehouse|alerts|identity|ingestion|orchestration|reports|reverse_etl|segments)[\w.]*: "
)


def run_main_job(settings: Settings, progress: Progress) -> str:
    """Execute every asset of the graph once and return the run's id; raises RunFailed with the first step's reason when a step raised."""
    from orchestration.definitions import defs

    run_id = str(uuid.uuid4())
    take_run_lock(settings)
    token = run_progress.progress.set(progress)
    try:
        job = defs().resolve_job_def(MAIN_JOB)
        with dg.DagsterInstance.get() as instance:
            result = job.execute_in_process(
                instance=instance, run_id=run_id, run_config=QUIET, raise_on_error=False
            )
        if not result.success:
            raise RunFailed(_record_failure(settings, run_id, _first_failure(result)))
    finally:
        run_progress.progress.reset(token)
        release_run_lock(settings)
    return run_id


def _record_failure(settings: Settings, run_id: str, reason: str) -> str:
    with open_state(settings) as connection:
        end_run(connection, run_id=run_id, status="failed")
    with suppress(CdpError):  # what stopped the run may stop this too, and is the thing to say
        tell(settings, stopped=reason.splitlines()[0])
    return reason


def _first_failure(result: dg.ExecuteInProcessResult) -> str:
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            cause = error.cause if error and error.cause else error
            told = _CLASS.sub("", (cause.message if cause else "no reason given").strip())
            return f"The step {event.step_key} stopped: {told}\nWhat was finished before it is kept. Mend this and run again."
    return "The run failed before its first step; `cdp ui` shows its log."
