"""Sending a plan wave by wave: look, journal, send, settle; what a wave's answers are is written down before the run ends.

Where nothing speaks against it a wave is settled, and the next one made ready, while the one between them is in the air.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from reverse_etl.contract import Acknowledgement, Operation, Outcome, Status
from reverse_etl.journal import Journal
from reverse_etl.plan import Plan
from reverse_etl.results import Tally
from reverse_etl.sender import Sender
from reverse_etl.snapshots import deliver_snapshot
from warehouse.progress import Progress

_SILENT_WAVES = 3  # waves in a row without a single answer, after which a destination counts as down


@dataclass(slots=True)
class Waves:
    """The waves of one plan on their way; counts into `tally`."""

    plan: Plan
    journal: Journal
    sender: Sender
    tally: Tally
    progress: Progress
    done: int = 0
    silent: int = 0
    answered: list[tuple[int, Sequence[Operation], Mapping[str, Outcome]]] = field(default_factory=list)

    def send(self) -> None:
        """Send until all is sent or the destination counts as down. Raises what sender and journal raise."""
        self._report(0)
        with ThreadPoolExecutor(1) as in_the_air:
            try:
                for wave in self.plan.waves(self.plan.sync.plugin.spec.wave):
                    self._send(wave, in_the_air)
                    if self.silent == _SILENT_WAVES:
                        break
            finally:
                self._settle()

    def _send(self, wave: list[Operation], in_the_air: ThreadPoolExecutor) -> None:
        to_send, looked_at, outcomes = self.sender.look(wave)
        allowed = self.journal.begin(to_send)
        self.tally.withdrawn += len(to_send) - len(allowed)
        if self._may_overlap:
            sent = in_the_air.submit(self.sender.deliver, allowed)
            self._settle()  # the wave before, whose answers have come
            outcomes |= sent.result()
        elif self.plan.sync.plugin.spec.is_snapshot:
            withdrawn = self.journal.withdrawn_from_snapshot()
            outcomes |= deliver_snapshot(self.plan, self.sender, allowed, withdrawn)
        else:
            outcomes |= self.sender.deliver(allowed)
        settled = [*looked_at, *allowed]
        is_answered = not settled or any(outcomes[op.op_id].status is not Status.UNKNOWN for op in settled)
        self.silent = 0 if is_answered else self.silent + 1
        self.answered.append((len(wave), settled, outcomes))
        if not self._may_overlap:
            self._settle()

    @property
    def _may_overlap(self) -> bool:
        """Whether a crash may leave two waves to be sent again instead of one: only where that does no harm.

        What is asked about first, or answers later, is settled before anything else is asked.
        """
        spec = self.plan.sync.plugin.spec
        is_plain = spec.acknowledgement is Acknowledgement.IMMEDIATE and not spec.is_snapshot
        return is_plain and spec.repeats_safely and not spec.inspects

    def _settle(self) -> None:
        while self.answered:
            size, settled, outcomes = self.answered.pop()
            self.journal.settle(settled, outcomes)
            self.tally.handled += len(settled)
            for operation in settled:
                self.tally.add(operation, outcomes[operation.op_id])
            self._report(size)

    def _report(self, size: int) -> None:
        self.done += size
        self.progress(f"sync {self.plan.sync.name}", self.done, self.plan.size)
