"""What people may change about a sync's future: pausing it, forgetting what was acknowledged, letting go of the unanswered.

Each is one transaction with a row in the audit table; sending is the runner's work.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import duckdb

from reverse_etl.journal import clock
from reverse_etl.sessions import OpenState
from warehouse.connections import transaction

_IN_THE_AIR = "sync = $sync and state in ('sent', 'unknown')"
_OPEN = "sync = $sync and state in ('sent', 'unknown', 'pending')"


@dataclass(frozen=True, slots=True)
class Controls:
    """The levers of one sync. `person` is who pulls them, `now` naive UTC."""

    open_state: OpenState
    sync: str
    person: str
    now: datetime

    def pause(self, reason: str) -> None:
        """Hold the sync until it is resumed; opt-outs still go out."""
        with self._audited("pause", f"Paused: {reason}") as state:
            state.execute(
                "insert or replace into activation.paused values (?, ?, ?, ?)",
                [self.sync, self.now, self.person, reason],
            )

    def resume(self) -> bool:
        """End the pause; says whether there was one (else nothing is written)."""
        with self.open_state() as state:
            found = state.execute("select 1 from activation.paused where sync = ?", [self.sync]).fetchone()
        if found:
            with self._audited("resume", "Resumed.") as state:
                state.execute("delete from activation.paused where sync = ?", [self.sync])
        return found is not None

    def count_forgettable(self) -> dict[str, int]:
        """What `reset` would forget, in rows: acknowledged members, operations in the air, dead letters."""
        tables = {
            "acknowledged": "activation.acked where sync = $sync",
            "unanswered": f"activation.op_journal where {_IN_THE_AIR}",
            "refused": "activation.dead_letters where sync = $sync",
        }
        with self.open_state() as state:
            return {
                name: int(
                    state.execute(f"select count(*) from {source}", {"sync": self.sync}).fetchall()[0][0]
                )
                for name, source in tables.items()
            }

    def reset(self) -> dict[str, int]:
        """Forget what was acknowledged, in every target: the next run adds everybody who may be sent, removes nobody.

        Returns what was forgotten, as `count_forgettable`.
        """
        forgotten = self.count_forgettable()
        detail = ", ".join(f"{count} {name}" for name, count in forgotten.items())
        with self._audited("reset", f"Forgot {detail}.") as state:
            state.execute("delete from activation.acked where sync = ?", [self.sync])
            state.execute("delete from activation.dead_letters where sync = ?", [self.sync])
            _supersede(state, self.sync, _OPEN)
        return forgotten

    def allow_unanswered(self) -> int:
        """Let operations that had no answer be planned again, although they may have been delivered; returns how many."""
        count = self.count_forgettable()["unanswered"]
        with self._audited("retry", f"Let {count} unanswered operations be sent a second time.") as state:
            _supersede(state, self.sync, _IN_THE_AIR)
        return count

    def cancel(self, reason: str) -> None:
        """End the run of this sync that is going on, after the wave in the air; opt-outs still go out."""
        with self._audited("cancel", f"Cancelled: {reason}") as state:
            state.execute("delete from activation.cancellations where sync = ?", [self.sync])
            state.execute(
                "insert into activation.cancellations values (?, ?, ?, ?)",
                [self.sync, clock(), self.person, reason],
            )

    def note_retry(self, letters: int) -> None:
        """Write down that dead letters were sent again."""
        with self._audited("retry", f"Sent {letters} refused rows again."):
            pass

    @contextmanager
    def _audited(self, command: str, detail: str) -> Iterator[duckdb.DuckDBPyConnection]:
        with self.open_state() as state, transaction(state):
            yield state
            state.execute(
                "insert into activation.audit values (?, ?, ?, ?, ?)",
                [self.now, command, self.sync, self.person, detail],
            )


def _supersede(state: duckdb.DuckDBPyConnection, sync: str, which: str) -> None:
    state.execute(
        f"update activation.op_journal set state = 'superseded', identifiers = null where {which}",
        {"sync": sync},
    )
