"""Jobs that a tool works on by itself: which are open, and asking about them until each operation has its outcome.

The journal names a job before anybody waits for it, so a run that ended early leaves its jobs to the next one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reverse_etl.contract import Action, Lane, Operation, Outcome, Polled, Status
from reverse_etl.destinations.answers import for_all
from reverse_etl.errors import TargetFailed
from reverse_etl.journal import Journal, clock
from reverse_etl.sender import Sender, check_complete, converse
from reverse_etl.transport import Patience

Settled = Callable[[Operation, Outcome], None]
_OVERTAKEN = "was asked for while an addition of the same person was still open, so it is asked for once more"
_OPEN = "sync = $sync and target_key = $target and state = 'pending'"


@dataclass(frozen=True, slots=True)
class Job:
    """One job of a tool: its id there, when it was handed over, and the versions its operations were made with."""

    name: str
    sent_at: datetime
    mapping_version: str
    norm_version: str


def open_jobs(journal: Journal) -> list[Job]:
    """The jobs of the journal's sync and target that have not ended, oldest first."""
    with journal.open_state() as state:
        rows = state.execute(
            "select job, min(sent_at), any_value(mapping_version), any_value(norm_version) "
            f"from activation.op_journal where {_OPEN} group by job order by 2, 1",
            _scope(journal),
        ).fetchall()
    return [Job(*row) for row in rows]


def collect(journal: Journal, sender: Sender, patience: Patience, settled: Settled) -> int:
    """Ask about open jobs until all have ended or patience has; returns how many operations are still pending.

    Outcomes are written down as they come and handed to `settled`. Raises DestinationStopped.
    """
    jobs, attempt, until = open_jobs(journal), 0, time.monotonic() + patience.job_budget
    while jobs:
        jobs = [job for job in jobs if not _ask(job, journal, sender, settled)]
        attempt += 1
        wait = patience.wait(attempt)
        if not jobs or time.monotonic() + wait > until:
            break
        time.sleep(wait)
    return sum(len(_operations(job, journal)) for job in jobs)


def _ask(job: Job, journal: Journal, sender: Sender, settled: Settled) -> bool:
    """Settle what the tool says about a job now; says whether the job has ended."""
    operations = _operations(job, journal)
    outcomes = {outcome.op_id: outcome for outcome in _outcomes(job, operations, sender)}
    overtaken = _overtaken(job, journal)
    outcomes |= {
        op_id: Outcome(op_id, Status.UNKNOWN, _OVERTAKEN)
        for op_id, outcome in outcomes.items()
        if op_id in overtaken and outcome.status is Status.ACCEPTED
    }
    ended = [operation for operation in operations if outcomes[operation.op_id].status is not Status.PENDING]
    versions = replace(journal.plan, mapping_version=job.mapping_version)
    replace(journal, plan=versions, norm_version=job.norm_version).settle(ended, outcomes)
    for operation in ended:
        settled(operation, outcomes[operation.op_id])
    return len(ended) == len(operations)


def _outcomes(job: Job, operations: list[Operation], sender: Sender) -> list[Outcome]:
    plugin = sender.plugin
    if not isinstance(plugin, Polled):
        return for_all(
            operations, Status.UNKNOWN, f"{plugin.spec.destination} can not be asked about its jobs"
        )
    try:
        outcomes = converse(plugin.poll(job.name, operations, sender.target), plugin, sender.transport)
    except TargetFailed:
        outcomes = [Outcome(operation.op_id, Status.PENDING, job=job.name) for operation in operations]
    check_complete(plugin, outcomes, operations)
    overdue = clock() - job.sent_at > timedelta(hours=plugin.spec.job_hours)
    if overdue and any(outcome.status is Status.PENDING for outcome in outcomes):
        reason = f"the job had not ended after {plugin.spec.job_hours:g} hours"
        return for_all(operations, Status.UNKNOWN, reason)
    return outcomes


def _overtaken(job: Job, journal: Journal) -> set[str]:
    """Removals of a job that were sent while an addition of the same record was open, which has been made since.

    Which of the two jobs the tool did last is not known, so such a removal has to be sent once more.
    """
    with journal.open_state() as state:
        rows = state.execute(
            f"""select removal.op_id from (select * from activation.op_journal where {_OPEN} and job = $job) as removal
            join activation.op_journal as addition using (sync, target_key, remote_id)
            where removal.action = 'remove' and addition.action <> 'remove' and addition.state = 'accepted'
              and addition.settled_at >= removal.sent_at""",
            {**_scope(journal), "job": job.name},
        ).fetchall()
    return {op_id for (op_id,) in rows}


def _operations(job: Job, journal: Journal) -> list[Operation]:
    with journal.open_state() as state:
        rows = state.execute(
            f"""select op_id, action, lane, record_key, remote_id, identifiers, row_hash, is_adopted
            from activation.op_journal where {_OPEN} and job = $job order by op_id""",
            {**_scope(journal), "job": job.name},
        ).fetchall()
    return [
        Operation(
            op_id, Action(action), Lane(lane), record_key, remote_id, _stated(identifiers), {}, row_hash,
            is_adopted=is_adopted,
        )
        for op_id, action, lane, record_key, remote_id, identifiers, row_hash, is_adopted in rows
    ]  # fmt: skip


def _stated(identifiers: str) -> dict[str, str]:
    return {name: value for name, value in json.loads(identifiers).items() if value is not None}


def _scope(journal: Journal) -> dict[str, str]:
    return {"sync": journal.plan.sync.name, "target": journal.plan.target_key}
