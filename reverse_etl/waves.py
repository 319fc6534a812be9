"""Sending a plan wave by wave: look, journal, send, settle; what a wave's answers are is written down before the run ends.

Where nothing speaks against it a wave is settled, and the next one journalled, while the one between them is in the air.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

from reverse_etl.contract import Acknowledgement, Action, Operation, Outcome, Status
from reverse_etl.journal import Journal, clock
from reverse_etl.plan import Plan
from reverse_etl.results import NOT_YET, Tally
from reverse_etl.sender import Sender
from reverse_etl.sessions import BRIEFLY, StateSession
from reverse_etl.snapshots import deliver_snapshot
from warehouse.progress import Progress

_SILENT_WAVES = 3  # waves in a row without a single answer, after which a destination counts as down
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Wave:
    """One wave that has been looked at and journalled: `allowed` go out, `settled` did not have to."""

    size: int
    allowed: Sequence[Operation]
    settled: Sequence[Operation]
    outcomes: dict[str, Outcome]


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
        with StateSession(self.journal.open_state) as session, ThreadPoolExecutor(1) as air:
            self.journal = replace(self.journal, open_state=session)
            flight = _Flight(session, air)
            if self._may_overlap:
                self._send_overlapping(flight)
            else:
                self._send_one_by_one(flight)

    @property
    def _may_overlap(self) -> bool:
        """Whether a crash may leave three waves to be sent again instead of one: only where that does no harm.

        What is asked about first, or answers later, is settled before anything else is asked.
        """
        spec = self.plan.sync.plugin.spec
        is_plain = spec.acknowledgement is Acknowledgement.IMMEDIATE and not spec.is_snapshot
        return is_plain and spec.repeats_safely and not spec.inspects

    def _send_one_by_one(self, flight: _Flight) -> None:
        try:
            for operations in self.plan.waves(self.plan.sync.plugin.spec.wave):
                wave = self._begin(operations, flight)
                self._note(wave, flight.wait(self._delivery(wave.allowed)))
                self._settle()
                if self.silent == _SILENT_WAVES:
                    break
        finally:
            self._settle()

    def _send_overlapping(self, flight: _Flight) -> None:
        ready: _Wave | None = None
        flying: tuple[_Wave, Future[dict[str, Outcome]]] | None = None
        try:
            for operations in self.plan.waves(self.plan.sync.plugin.spec.wave):
                ready = self._begin(operations, flight)  # while the wave before is in the air
                if flying is not None:
                    (wave, sent), flying = flying, None
                    self._note(wave, flight.land(sent))
                if self.silent == _SILENT_WAVES:
                    break
                flying, ready = (ready, flight.start(self._delivery(ready.allowed))), None
                self._settle()
        finally:
            if ready is not None:
                self.journal.take_back(ready.allowed)
            if flying is not None:
                self._note(flying[0], flight.land(flying[1]))
            self._settle()

    def _begin(self, operations: list[Operation], flight: _Flight) -> _Wave:
        spec = self.plan.sync.plugin.spec
        to_send, settled, outcomes = (
            flight.wait(partial(self.sender.look, operations)) if spec.inspects else (operations, [], {})
        )
        outcomes |= self._not_shown_yet(settled, outcomes)
        to_send = self._still_shown(to_send)
        allowed = self.journal.begin(to_send)
        self.tally.withdrawn += len(to_send) - len(allowed)
        return _Wave(len(operations), allowed, settled, outcomes)

    def _not_shown_yet(
        self, settled: Sequence[Operation], outcomes: Mapping[str, Outcome]
    ) -> dict[str, Outcome]:
        """Outcomes of records that were written so lately that not being shown proves nothing: looked for again later.

        Else an opt-out would count as done, and the person would come up in the tool a minute afterwards.
        """
        unseen = [op for op in settled if outcomes[op.op_id].is_unseen and op.action is not Action.ADD]
        lately = self._written_lately(unseen, removals=False)
        return {
            op.op_id: Outcome(op.op_id, Status.UNKNOWN, NOT_YET) for op in unseen if op.remote_id in lately
        }

    def _still_shown(self, to_send: Sequence[Operation]) -> Sequence[Operation]:
        """Whom we removed so lately that being shown proves nothing is ours again, not somebody else's contact."""
        shown = [op for op in to_send if op.is_adopted and op.was_removed_by_us and op.action is Action.ADD]
        lately = self._written_lately(shown, removals=True)
        if not lately:
            return to_send
        return [replace(op, is_adopted=op.is_adopted and op.remote_id not in lately) for op in to_send]

    def _written_lately(self, operations: Sequence[Operation], *, removals: bool) -> set[str]:
        lag = self.plan.sync.plugin.spec.lag_hours
        if not operations or not lag:
            return set()
        return self.journal.written_since(operations, clock() - timedelta(hours=lag), removals=removals)

    def _delivery(self, allowed: Sequence[Operation]) -> Callable[[], dict[str, Outcome]]:
        if not self.plan.sync.plugin.spec.is_snapshot:
            return partial(self.sender.deliver, allowed)
        withdrawn = self.journal.withdrawn_from_snapshot()
        return partial(deliver_snapshot, self.plan, self.sender, allowed, withdrawn)

    def _note(self, wave: _Wave, outcomes: dict[str, Outcome]) -> None:
        known = {**wave.outcomes, **outcomes} if wave.outcomes else outcomes
        settled = [*wave.settled, *wave.allowed] if wave.settled else wave.allowed
        is_answered = not settled or any(known[op.op_id].status is not Status.UNKNOWN for op in settled)
        self.silent = 0 if is_answered else self.silent + 1
        self.answered.append((wave.size, settled, known))

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


@dataclass(frozen=True, slots=True)
class _Flight:
    """Calls of the destination in a thread of their own; the state is let go where one of them takes its time."""

    session: StateSession
    air: ThreadPoolExecutor

    def start(self, call: Callable[[], Result]) -> Future[Result]:
        return self.air.submit(call)

    def land(self, sent: Future[Result]) -> Result:
        self.session.release_if_long()
        if wait([sent], BRIEFLY).not_done:
            self.session.release()
        return sent.result()

    def wait(self, call: Callable[[], Result]) -> Result:
        return self.land(self.start(call))
