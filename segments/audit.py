"""Whether a segment's new membership may be released: numbers and findings in, sentences a marketer understands out.

Nothing is read or written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from segments.contracts import Segment, SegmentContract

# a share of a handful of people says nothing: as many may always come and go
SMALL_CHANGE = 20
# how far the numbers may be from those a person saw when they let a segment pass
OVERRIDE_TOLERANCE = 0.1


@dataclass(frozen=True)
class Counts:
    """A segment before its release, in people. `candidates` None = its table could not be built or is not there.

    `unusable` says why where it is there all the same.
    """

    candidates: int | None
    members: int = 0
    entered: int = 0
    left: int = 0
    was_released: bool = False
    unusable: str = ""


@dataclass(frozen=True)
class SourceState:
    """A source as of the run: when something last came in, and by when it is expected again by its own schedule.

    `refused`: names of files of its newest delivery that could not be loaded.
    """

    last_loaded_at: datetime | None
    expected_at: datetime | None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Findings:
    """What the audit knows. `broken`: why what it is built from is wrong. `held`: titles of held segments it is built from."""

    broken: str | None = None
    held: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """Why a segment is held: `fixed` reasons nobody can let pass, `waivable` ones a person can. Both empty: released."""

    fixed: tuple[str, ...] = ()
    waivable: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        return self.fixed + self.waivable


def audit(
    segment: Segment,
    counts: Counts,
    findings: Findings,
    sources: Mapping[str, SourceState],
    now: datetime,
) -> Verdict:
    """Every reason that holds this segment. `now` is naive UTC, `sources` the state of each source by name."""
    if segment.contract is None:
        return Verdict(fixed=(str(segment.problem),))
    if counts.candidates is None:
        return Verdict(fixed=(counts.unusable or findings.broken or "its table has not been built",))
    broken = (findings.broken,) if findings.broken else ()
    built_on = (_made_from(findings.held),) if findings.held else ()
    stale = tuple(
        sentence
        for name, hours in segment.contract.sources.items()
        for sentence in (_staleness(name, hours, sources.get(name), now), _refusal(name, sources.get(name)))
        if sentence
    )
    return Verdict(waivable=broken + built_on + stale + _sizes(segment.contract, counts))


def _made_from(held: tuple[str, ...]) -> str:
    if len(held) == 1:
        return f"it is made from {held[0]}, which is held, and is released together with it"
    titles = f"{', '.join(held[:-1])} and {held[-1]}"
    return f"it is made from {titles}, which are held, and is released together with them"


def _staleness(name: str, hours: float | None, state: SourceState | None, now: datetime) -> str | None:
    """A sentence when a source is late. One that never delivered is not in use, so only stated `hours` ask for it."""
    last = state.last_loaded_at if state else None
    if state is None or last is None:
        return None if hours is None else f"it needs {name}, which has never delivered"
    due = state.expected_at if hours is None else last + timedelta(hours=hours)
    if due is None or now <= due:
        return None
    return (
        f"it needs {name}, which last delivered on {last:%Y-%m-%d %H:%M} and should have again by "
        f"{due:%Y-%m-%d %H:%M} (`cdp sources status {name}`)"
    )


def _refusal(name: str, state: SourceState | None) -> str | None:
    """A sentence when a file of the newest delivery could not be loaded: what it says is missing, however punctual it was."""
    if state is None or not state.refused:
        return None
    more = f" and {len(state.refused) - 1} more" if len(state.refused) > 1 else ""
    return f"it needs {name}, whose file {state.refused[0]}{more} could not be loaded (`cdp sources status {name}` says why)"


def _sizes(contract: SegmentContract, counts: Counts) -> tuple[str, ...]:
    candidates = counts.candidates or 0
    smallest, largest = contract.size_band
    reasons = []
    if not smallest <= candidates <= largest:
        reasons.append(
            f"it came out with {people(candidates)} where {contract.owner} expects {smallest:,} to {largest:,}"
        )
    moved = max(counts.entered, counts.left)
    limit = max(contract.largest_change * counts.members, SMALL_CHANGE)
    if counts.was_released and contract.largest_change < 1 and moved > limit:
        reasons.append(
            f"{people(counts.entered)} would enter and {people(counts.left)} leave at once, of {counts.members:,} "
            f"in it now; more than {contract.largest_change:.0%} is unusual"
        )
    return tuple(reasons)


def override_covers(seen: int, candidates: int) -> bool:
    """Whether the numbers are still those that a person let pass, within a tenth."""
    return abs(candidates - seen) <= max(OVERRIDE_TOLERANCE * seen, SMALL_CHANGE)


def people(count: int) -> str:
    """`1 person`, `2,000 people`."""
    return "1 person" if count == 1 else f"{count:,} people"
