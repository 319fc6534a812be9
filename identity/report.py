"""What a resolution tells: progress and seconds per stage while it works, and a report of what it did.

Nothing is measured against a truth here: that is `evaluation.py`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from identity import ledger, train
from warehouse.progress import Progress

STAGES = (
    "read records",
    "learn",
    "find pairs",
    "weigh pairs",
    "weigh neighbourhoods",
    "cluster",
    "keep ids",
    "publish",
)


@dataclass
class IdentityReport:
    """What a resolution did. Counts of events and `pairs`, the pairs weighed, are this run's; `seconds` is wall time
    per stage. `is_full` says that everything was weighed, not only what changes had touched."""

    run_id: str
    unchanged: bool
    records: int
    customers: int
    largest_cluster: int
    pairs: int
    model_version: int
    model_method: str
    trained: bool = False
    is_full: bool = False
    created: int = 0
    merged: int = 0
    split: int = 0
    moved: int = 0
    retired: int = 0
    restored: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def duplicates(self) -> int:
        """Records beyond the first of each customer."""
        return self.records - self.customers


class Clock:
    """Wall time per stage, told to whoever watches."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._stage: str | None = None
        self._since = 0.0
        self.seconds: dict[str, float] = {}

    def start(self, stage: str) -> None:
        self.stop()
        self._stage, self._since = stage, time.monotonic()
        self._progress("identity", STAGES.index(stage), len(STAGES), stage)

    def stop(self) -> None:
        if self._stage:
            self.seconds[self._stage] = round(time.monotonic() - self._since, 3)
        self._stage = None

    def finish(self, note: str) -> dict[str, float]:
        self.stop()
        self._progress("identity", len(STAGES), len(STAGES), note)
        return self.seconds


def report_run(
    run: ledger.RunRow, frozen: train.FrozenModel, trained: bool, clock: Clock, *, is_full: bool
) -> IdentityReport:
    return IdentityReport(
        run_id=run.run_id,
        unchanged=False,
        records=run.record_count,
        customers=run.customer_count,
        largest_cluster=run.largest_cluster,
        pairs=run.pair_count,
        model_version=frozen.version,
        model_method=frozen.method,
        trained=trained,
        is_full=is_full,
        created=run.created_count,
        merged=run.merged_count,
        split=run.split_count,
        moved=run.moved_count,
        retired=run.retired_count,
        restored=run.restored_count,
        seconds=clock.finish(f"{run.record_count:,} records are {run.customer_count:,} customers"),
    )


def report_unchanged(
    run_id: str, last: ledger.RunRow, frozen: train.FrozenModel, clock: Clock
) -> IdentityReport:
    return IdentityReport(
        run_id=run_id,
        unchanged=True,
        records=last.record_count,
        customers=last.customer_count,
        largest_cluster=last.largest_cluster,
        pairs=0,
        model_version=frozen.version,
        model_method=frozen.method,
        seconds=clock.finish("nothing changed"),
    )
