"""The gates that hold a whole sync, decided from counts: blocked data, audience too small, too much change at once.

Gates that refuse a single row (key, consent, identifiers) are part of the planner's SQL.
"""

from __future__ import annotations

from dataclasses import dataclass

from reverse_etl.declarations import Guards, SyncDeclaration


@dataclass(frozen=True, slots=True)
class Counts:
    """What a plan would do, in rows. `held` is what the destination holds by our doing before the run."""

    source: int = 0
    desired: int = 0
    held: int = 0
    added: int = 0
    updated: int = 0
    removed: int = 0
    withdrawn: int = 0
    leaving: int = 0
    unchanged: int = 0
    remapped: int = 0
    in_flight: int = 0
    held_elsewhere: int = 0

    def __str__(self) -> str:
        return (
            f"{self.desired} people may be sent: {self.added} to add, {self.updated} to update, "
            f"{self.unchanged} unchanged; {self.removed} to remove"
        )


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a sync is held, and what may still be sent: `removals` all of them, else withdrawals only."""

    sentence: str
    removals: bool = False

    def __str__(self) -> str:
        return self.sentence


def held_because(blocked: str) -> str:
    """The sentence of a sync that may not go out at all."""
    return f"Held because {blocked}. Only opt-outs go out."


def find_hold(sync: SyncDeclaration, counts: Counts, *, blocked: str | None, confirmed: bool) -> Hold | None:
    """The first gate that holds the sync, or None. `confirmed` opens the change guard, never the other gates."""
    guards = sync.guards
    if blocked:
        return Hold(held_because(blocked))
    change = None if confirmed or guards.confirmed else _change_guard(sync, counts)
    if change:
        return Hold(
            f"{change} Look at `cdp sync plan {sync.name}`; if this is meant, `cdp sync apply {sync.name} --confirm`. "
            f"Only opt-outs go out."
        )
    minimum = sync.plugin.spec.minimum_size if guards.minimum_size is None else guards.minimum_size
    if counts.desired < minimum and counts.added + counts.updated + counts.removed > 0:
        return Hold(
            f"Held because only {counts.desired} people may be sent and the audience must have at least "
            f"{minimum}. People who left were still removed; the others go out by themselves once there are enough.",
            removals=True,
        )
    return None


def _change_guard(sync: SyncDeclaration, counts: Counts) -> str | None:
    guards = sync.guards
    if counts.held == 0 and counts.held_elsewhere > 0:
        return (
            f"Held because the sync now points to another target, while {counts.held_elsewhere} people are still "
            f"in the old one. Opt-outs are still taken out of it; confirming fills the new one and then takes "
            f"everybody else out of the old one too (`cdp sync reset {sync.name}` instead lets them stay there)."
        )
    if counts.source == 0 and counts.leaving > 0:
        return f"Held because the segment came out empty, which would remove all {counts.held} people."
    largest = max(guards.max_removal_share * counts.held, guards.max_removal_rows)
    if counts.leaving > largest:
        return (
            f"Held because {counts.leaving} of {counts.held} people would leave at once; "
            f"more than {int(largest)} looks like a mistake."
        )
    return _size_guard(counts, guards)


def _size_guard(counts: Counts, guards: Guards) -> str | None:
    limit = guards.confirm_above
    if counts.held == 0 and counts.added > limit:
        return f"Held because this first sync would send {counts.added} people (more than {limit})."
    if counts.added > limit and counts.added > counts.held / 2:
        return f"Held because {counts.added} people would join {counts.held} at once."
    if counts.updated > limit and counts.remapped > 0:
        return (
            f"Held because the field mapping, a column's type or the normalising rules changed, so all "
            f"{counts.updated} people would be sent again."
        )
    return None
