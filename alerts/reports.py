"""What came of telling people: what is new, what is over, what is still wrong, and what could not be told.

Plain data only; printing belongs to the front doors.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from alerts.ledger import Delivery, Outcome
from alerts.notices import Alert


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one notice in this run: `sent`, `waiting` for the next run, or `unknown`; `problem` says why."""

    delivery: Delivery
    outcome: Outcome
    problem: str | None = None

    @property
    def sentence(self) -> str:
        """For a person, when it was not sent."""
        then = "It is tried again by the next run" if self.outcome == "waiting" else "It is not sent again"
        return f"{self.delivery.channel}: “{self.delivery.notice.headline}” was not told: {self.problem}. {then}."


@dataclass
class AlertReport:
    """One round. In a dry run `told` is empty and `due` is what would be sent; nothing was written."""

    raised: tuple[Alert, ...] = ()
    recovered: tuple[Alert, ...] = ()
    still_open: tuple[Alert, ...] = ()
    due: list[Delivery] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """One sentence per notice that did not go out."""
        return [told.sentence for told in self.told if told.outcome != "sent"]
