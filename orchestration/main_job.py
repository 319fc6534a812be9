"""Runs the main job in this process, so that what the command line does and what the UI shows is the same thing.

The steps are Dagster's; this adds the record of the run in the durable state.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass

import dagster as dg

from orchestration import run_progress
from orchestration.defs.nightly import MAIN_JOB
from orchestration.errors import RunFailed
from warehouse.connections import open_state
from warehouse.progress import Progress
from warehouse.run_lock import release_run_lock, take_run_lock
from warehouse.settings import Settings

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Outcome:
    """One finished run."""

    run_id: str
    status: str


def run_main_job(settings: Settings, progress: Progress) -> Outcome:
    """Execute every asset of the graph once; raises RunFailed with the first step's reason when a step raised."""
    from orchestration.definitions import defs

    run_id = str(uuid.uuid4())
    take_run_lock(settings)
    _begin(settings, run_id)
    token = run_progress.progress.set(progress)
    try:
        job = defs().resolve_job_def(MAIN_JOB)
        with dg.DagsterInstance.get() as instance:
            result = job.execute_in_process(
                instance=instance, run_id=run_id, run_config=QUIET, raise_on_error=False
            )
    finally:
        run_progress.progress.reset(token)
        release_run_lock(settings)
    status = "succeeded" if result.success else "failed"
    _finish(settings, run_id, status)
    if not result.success:
        raise RunFailed(_first_failure(result))
    return Outcome(run_id, status)


def _begin(settings: Settings, run_id: str) -> None:
    with open_state(settings) as connection:
        connection.execute(
            "insert into platform.runs (run_id, started_at, as_of, status) values (?, now()::timestamp, ?, 'running')",
            [run_id, settings.now()],
        )


def _finish(settings: Settings, run_id: str, status: str) -> None:
    with open_state(settings) as connection:
        connection.execute(
            "update platform.runs set finished_at = now()::timestamp, status = ?, summary = ? where run_id = ?",
            [status, json.dumps({}), run_id],
        )


def _first_failure(result: dg.ExecuteInProcessResult) -> str:
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            cause = error.cause if error and error.cause else error
            told = (cause.message if cause else "no reason given").strip()
            return f"The step {event.step_key} stopped: {told}\nWhat was finished before it is kept. Mend this and run again."
    return "The run failed before its first step; `cdp ui` shows its log."
