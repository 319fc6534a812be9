"""Letting a held segment pass once: who did it, when, why, and at what numbers; kept for good.

Which reasons can be let pass is decided in `audit`; the release itself is the next run's.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime

import duckdb

from segments.contracts import Segment
from segments.errors import NothingHeld


@dataclass(frozen=True)
class Override:
    """One permission for one release; `candidate_count` is what the person saw."""

    override_id: str
    person: str
    reason: str
    candidate_count: int


def give_override(
    state: duckdb.DuckDBPyConnection, segment: Segment, *, person: str, reason: str, now: datetime
) -> list[str]:
    """Write down that `person` lets the held segment pass once; returns the reasons that are let pass.

    `state` is the state file. Raises NothingHeld when the newest decision does not hold it, or for want of a table
    or a readable contract, which nobody can let pass.
    """
    row = state.execute(
        "select status, reasons, candidate_count, contract from segments.decisions where segment_name = ? "
        "order by recorded_at desc limit 1",
        [segment.name],
    ).fetchone()
    if row is None or row[0] != "held":
        raise NothingHeld(
            f"{segment.title} is not held: there is nothing to let pass. `cdp segment list` shows what is."
        )
    _, reasons, candidates, contract = row
    if candidates is None or contract is None:
        raise NothingHeld(
            f"{segment.title} cannot be released by a person: {'; '.join(json.loads(reasons))}. Mend it and run again."
        )
    state.execute(
        "insert into segments.overrides values (?, ?, ?, ?, ?, ?, null, null)",
        [str(uuid.uuid4()), segment.name, person, now, reason, candidates],
    )
    return list(json.loads(reasons))


def find_override(connection: duckdb.DuckDBPyConnection, name: str) -> Override | None:
    """The newest permission for this segment that was not used yet. `connection` has the state attached."""
    row = connection.execute(
        "select override_id, person, reason, candidate_count from state_store.segments.overrides "
        "where segment_name = ? and used_at is null order by given_at desc limit 1",
        [name],
    ).fetchone()
    return Override(*row) if row else None


def use_overrides(connection: duckdb.DuckDBPyConnection, name: str, run_id: str, now: datetime) -> None:
    """Mark every open permission of a segment as used by this release, whether it was needed or not."""
    connection.execute(
        "update state_store.segments.overrides set used_run_id = ?, used_at = ? "
        "where segment_name = ? and used_at is null",
        [run_id, now, name],
    )
