"""What can be wrong with a subject, by kind, and what a person should do about it.

Finding out what is wrong is the work of other rooms: here it is only named. A new kind is a line in KINDS.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind is said after the subject's name, when it begins and when it has ended, and what to do."""

    raised: str
    recovered: str
    advice: str


KINDS = {
    # nothing new for longer than `expected_every_hours`
    "late": Kind(
        "is late",
        "is no longer late",
        "See whether the export or the connection still runs, and deliver what is missing. If the source now delivers "
        "less often, raise its `expected_every_hours`.",
    ),
    # a whole delivery that lacks more keys than `largest_shrink`; nothing was deleted
    "shrinking": Kind(
        "suddenly delivers much less",
        "delivers its usual amount again",
        "Open the newest file: the export may be filtered or cut off. Nothing was deleted. If the source really became "
        "smaller, raise the table's `largest_shrink` and load again.",
    ),
    # the newest delivery of a file was refused as a whole
    "refused": Kind(
        "delivered a file that cannot be loaded",
        "has no refused file any more",
        "Correct what the reason names in the file or in the source's declaration, and deliver the file again. What "
        "earlier files brought is untouched.",
    ),
    # a larger share of rows was rejected than `largest_reject_share`
    "rejected": Kind(
        "has more rejected rows than allowed",
        "has no more rejected rows than allowed",
        "`raw.rejected_rows` gives the reason for every row. Correct the export or the declaration, then run "
        "`cdp sources retry-rejected`.",
    ),
    # an API, a database, a bucket or a server could not be asked, or not for everything
    "failed": Kind(
        "could not be fetched",
        "can be fetched again",
        "Correct what the reason names. If the other side was only down, there is nothing to do: the next run tries "
        "again and misses nothing.",
    ),
    # a run ended in the middle, whatever the reason
    "stopped": Kind(
        "stopped before its end",
        "reached its end again",
        "Correct what the reason names and run again (`cdp run`): it goes on from what was finished. Readers still see "
        "the last finished run.",
    ),
    # a data test or a model failed
    "failing": Kind(
        "does not pass",
        "passes again",
        "`cdp status` shows what it found. Syncs built on it are held until it passes; everything else goes on.",
    ),
    # a segment was not released: it keeps the members it was released with last
    "withheld": Kind(
        "is held",
        "is released again",
        "`cdp segment diff` with its name shows who would enter and leave. Correct what the reason names, or let it pass "
        'once: `cdp segment release NAME --override "why"`. Until then its syncs send nothing but opt-outs; everything '
        "else goes on.",
    ),
    # a sync was held by a gate, or did not get through
    "held": Kind(
        "did not go out",
        "goes out again",
        "`cdp sync plan` shows what would be sent, and `cdp sync log` what was. The tool holds what it held before.",
    ),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong now.

    `subject` says what it is about (`source:shopify`), `kind` is one of KINDS, `sentence` what was found (without
    personal data: it is sent to outside services), `since` when it began as far as known (naive UTC).
    """

    subject: str
    kind: str
    sentence: str
    since: datetime

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no kind of condition; known are {', '.join(KINDS)}")


def merge(conditions: Iterable[Condition]) -> list[Condition]:
    """One condition per subject and kind: the sentences one after the other, since the earliest."""
    merged: dict[tuple[str, str], Condition] = {}
    for condition in conditions:
        key = (condition.subject, condition.kind)
        known = merged.get(key)
        merged[key] = condition if known is None else _join(known, condition)
    return list(merged.values())


def _join(first: Condition, second: Condition) -> Condition:
    sentence = first.sentence if second.sentence == first.sentence else f"{first.sentence} {second.sentence}"
    return replace(first, sentence=sentence, since=min(first.since, second.since))
