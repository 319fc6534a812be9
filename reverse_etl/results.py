"""What one sync did, in numbers and sentences, for Dagster, the command line and the state store.

Rows and operations themselves are in the log tables.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from reverse_etl.contract import Action, Operation, Outcome, Status
from reverse_etl.plan import Plan
from reverse_etl.sentences import people

RunStatus = Literal[
    "sent", "nothing to send", "pending", "held", "problems", "failed", "cancelled", "not configured"
]
# ends of a sync that did all it should (pending: the tool is still working on what it took in), and those that need nobody
# why what the tool was asked about is not known yet; nobody need do anything
NOT_YET = "was written a short while ago and is not shown yet, so the next run looks again"
CLEAN: frozenset[RunStatus] = frozenset(["sent", "nothing to send", "pending"])
NEEDS_NOBODY: frozenset[RunStatus] = CLEAN | {"not configured"}


@dataclass(frozen=True, slots=True)
class SyncResult:
    """One sync in one run (counts in people). `refused` and `rejected` map a reason's sentence to rows.

    `failed` = outcome unknown, sent again by the next run. `pending` = taken in by the tool, which has not said yet
    what became of them. `waiting` = planned but held back. `message` says what
    went wrong or is missing. `is_destination_stopped` = the account was refused: skip its other syncs.
    """

    sync: str
    destination: str
    target: str
    status: RunStatus
    desired: int = 0
    added: int = 0
    updated: int = 0
    removed: int = 0
    unchanged: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    rejected: Mapping[str, int] = field(default_factory=dict)
    failed: int = 0
    pending: int = 0
    waiting: int = 0
    held_reason: str | None = None
    message: str | None = None
    requests: int = 0
    is_destination_stopped: bool = False

    @property
    def operations(self) -> int:
        """Operations that were sent, whatever became of them."""
        done = self.added + self.updated + self.removed + sum(self.rejected.values())
        return done + self.failed + self.pending

    @property
    def sentence(self) -> str:
        """Why not everything went out, for people."""
        rejected = [f"{count:,} refused by the tool: {why}" for why, count in self.rejected.items()]
        told = [text for text in (self.held_reason, self.message, *rejected) if text]
        return " ".join(told) or self.status

    def to_dict(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        return asdict(self)

    def to_row(self, run_id: str, started_at: datetime, finished_at: datetime) -> dict[str, Any]:
        """The result as a row of activation.sync_runs."""
        row = self.to_dict()
        del row["is_destination_stopped"]
        row["refused"], row["rejected"] = json.dumps(row["refused"]), json.dumps(row["rejected"])
        return {"run_id": run_id, "started_at": started_at, "finished_at": finished_at, **row}


def with_old_targets(result: SyncResult, others: Sequence[SyncResult]) -> SyncResult:
    """The result of a sync together with what was taken out of targets that it no longer points to."""
    bad = [other for other in others if other.status not in NEEDS_NOBODY]
    messages = [text for text in (result.message, *(other.message for other in bad)) if text]
    status = "problems" if bad and result.status in NEEDS_NOBODY else result.status
    if status == "nothing to send" and any(other.removed for other in others):
        status = "sent"
    return replace(
        result,
        status=status,
        removed=result.removed + sum(other.removed for other in others),
        failed=result.failed + sum(other.failed for other in others),
        pending=result.pending + sum(other.pending for other in others),
        requests=result.requests + sum(other.requests for other in others),
        message=" ".join(messages) or None,
    )


def with_note(result: SyncResult, note: str | None) -> SyncResult:
    """The result with something to see to that held nothing up (None = nothing)."""
    if note is None or result.status == "not configured":
        return result
    messages = [text for text in (result.message, note) if text]
    status = "problems" if result.status in CLEAN else result.status
    return replace(result, status=status, message=" ".join(messages))


@dataclass(slots=True)
class Tally:
    """Counts outcomes while a sync is being sent."""

    accepted: Counter[Action] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    handled: int = 0  # operations of this run's plan that were dealt with, whatever came of them
    pending: int = 0
    unseen: int = 0
    cancelled: str | None = None
    opted_out: int = 0
    withdrawn: int = 0
    failed: int = 0
    requests: int = 0
    last_failure: str | None = None

    def add(self, operation: Operation, outcome: Outcome) -> None:
        if outcome.status is Status.ACCEPTED:
            self.accepted[operation.action] += 1
        elif outcome.status is Status.REJECTED:
            self.rejected[outcome.reason or "no reason given"] += 1
            self.opted_out += outcome.is_opt_out
        elif outcome.status is Status.SKIPPED:
            self.skipped[outcome.reason or "not sent"] += 1
        elif outcome.status is Status.UNKNOWN and outcome.reason == NOT_YET:
            self.unseen += 1
        elif outcome.status is Status.UNKNOWN:
            self.failed += 1
            self.last_failure = outcome.reason

    def result(self, plan: Plan, stopped: str | None) -> SyncResult:
        """The result of a plan that was carried out as counted here."""
        sync = plan.sync
        refused = {**plan.refused, **self.skipped}
        if self.withdrawn:
            refused["has withdrawn consent since the plan was made"] = self.withdrawn
        not_sent = plan.size - self.withdrawn - self.handled
        return SyncResult(
            sync=sync.name,
            destination=sync.destination,
            target=sync.target,
            status=self._status(plan, stopped),
            desired=plan.counts.desired,
            added=self.accepted[Action.ADD],
            updated=self.accepted[Action.UPDATE],
            removed=self.accepted[Action.REMOVE],
            unchanged=plan.counts.unchanged,
            refused=refused,
            rejected=dict(self.rejected),
            failed=self.failed,
            pending=self.pending + self.unseen,
            waiting=plan.waiting + not_sent,
            held_reason=plan.hold.sentence if plan.hold else None,
            message=stopped or self.cancelled or self._message(sync.destination),
            requests=self.requests,
            is_destination_stopped=stopped is not None,
        )

    def _message(self, destination: str) -> str | None:
        if self.last_failure:
            what = "1 change" if self.failed == 1 else f"{self.failed:,} changes"
            return f"{what} had no answer: {self.last_failure}"
        if self.unseen:
            return f"In {destination} {people(self.unseen)} {NOT_YET}."
        if self.pending:
            return f"{destination} is still working on {self.pending} changes; the next run asks what became of them."
        return None

    def _status(self, plan: Plan, stopped: str | None) -> RunStatus:
        if stopped:
            return "failed"
        if self.cancelled:
            return "cancelled"
        # somebody who unsubscribed there is news, not a problem: it is in the consent log now
        if self.failed or sum(self.rejected.values()) > self.opted_out:
            return "problems"
        if plan.hold:
            return "held"
        if self.pending or self.unseen:
            return "pending"
        return "sent" if plan.size or self.accepted else "nothing to send"
