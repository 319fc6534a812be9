"""Write, audit, publish per segment: new members take the place of the old ones only if nothing speaks against it.

A segment that is held keeps its last released members; every other one goes on. What holds one is said in `audit`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import duckdb

from segments import definitions
from segments.audit import Counts, Findings, SourceState, Verdict, audit, override_covers
from segments.contracts import Segment
from segments.definitions import Definition
from segments.membership import STATE, explain_leaving, has_news, prepare_candidates, put_in_place, retire
from segments.overrides import Override, find_override, use_overrides
from warehouse.connections import transaction


@dataclass(frozen=True)
class Decision:
    """What became of one segment in one run. `reasons` are why it is held, or what an override let pass.

    `is_news` is false when the run changed nothing about it.
    """

    segment: str
    title: str
    status: str
    reasons: tuple[str, ...]
    counts: Counts
    override: Override | None = None
    is_news: bool = True

    @property
    def sentence(self) -> str:
        """Why it is held, for the person who owns it, with what to do next."""
        return held_sentence(self.segment, self.title, self.reasons)


@dataclass(frozen=True)
class Held:
    """A segment that is held, why, and the run's time when this was decided."""

    segment: str
    title: str
    reasons: tuple[str, ...]
    decided_at: datetime


@dataclass(frozen=True)
class Run:
    """What one release knows of its run: `broken` maps a segment to why what it is built from is wrong."""

    run_id: str
    now: datetime
    sources: Mapping[str, SourceState] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    definitions: Mapping[str, Definition] = field(default_factory=dict)


def release_segments(
    connection: duckdb.DuckDBPyConnection, segments: Mapping[str, Segment], run: Run
) -> list[Decision]:
    """Release or hold every segment, in the order given (each after those it is built from).

    `connection` is the warehouse with the state attached as `state_store`. Repeating a run changes nothing.
    """
    decisions: dict[str, Decision] = {}
    for name, segment in segments.items():
        held = tuple(
            decisions[parent].title for parent in segment.built_from if decisions[parent].status == "held"
        )
        decisions[name] = _decide(connection, segment, Findings(run.broken.get(name), held), run)
    retire(connection, segments, run.run_id, run.now)
    return list(decisions.values())


def read_held(state: duckdb.DuckDBPyConnection) -> list[Held]:
    """The segments whose newest decision in the state file holds them, by name."""
    rows = state.execute(
        "from (from segments.decisions qualify row_number() over (partition by segment_name order by recorded_at desc) = 1) "
        "select segment_name, title, reasons, decided_at where status = 'held' order by segment_name"
    ).fetchall()
    return [Held(name, title, tuple(json.loads(reasons)), at) for name, title, reasons, at in rows]


def held_sentence(name: str, title: str, reasons: tuple[str, ...]) -> str:
    """A clause that says why the segment is held, in the words of its reasons."""
    return (
        f"the segment {title} is held: {'; '.join(reasons)}. Whoever was in it before still is. Look at "
        f'`cdp segment diff {name}`; if this is meant, `cdp segment release {name} --override "why"`'
    )


def held_together(held: Iterable[tuple[str, str, str]]) -> list[str]:
    """Held segments (name, title, reasons) as one clause per reason: a late source holds many for the same one."""
    by_reasons: dict[str, list[tuple[str, str]]] = {}
    for name, title, reasons in held:
        by_reasons.setdefault(reasons, []).append((name, title))
    return [
        held_sentence(*found[0], (reasons,))
        if len(found) == 1
        else f"{len(found)} segments are held ({', '.join(title for _, title in found)}), each because {reasons}. Whoever was "
        'in them before still is. Look at `cdp segment diff NAME`; if this is meant, `cdp segment release NAME --override "why"`'
        for reasons, found in by_reasons.items()
    ]


def _decide(
    connection: duckdb.DuckDBPyConnection, segment: Segment, findings: Findings, run: Run
) -> Decision:
    counts = prepare_candidates(connection, segment)
    verdict = audit(segment, counts, findings, run.sources, run.now)
    override = _override(connection, segment, counts, verdict)
    decision = Decision(segment.name, segment.title, "released", verdict.reasons, counts, override)
    if verdict.reasons and override is None:
        return _hold(connection, segment, replace(decision, status="held"), run)
    definition = run.definitions.get(segment.name)
    if counts.left:
        explain_leaving(connection, segment, definition)
    else:
        connection.execute("create or replace temp table leaving (customer_id text, left_reason text)")
    has_changed = has_news(connection, segment.name) or not counts.was_released
    with transaction(connection):
        if has_changed:
            put_in_place(connection, segment, run.now)
        if definition is not None:
            definitions.keep(connection, segment, definition, run.run_id, run.now)
        use_overrides(connection, segment.name, run.run_id, run.now)
        is_recorded = _record(connection, segment, decision, run)
    return replace(decision, is_news=has_changed or is_recorded)


def _hold(connection: duckdb.DuckDBPyConnection, segment: Segment, decision: Decision, run: Run) -> Decision:
    with transaction(connection):
        is_recorded = _record(connection, segment, decision, run)
    return replace(decision, is_news=is_recorded)


def _override(
    connection: duckdb.DuckDBPyConnection, segment: Segment, counts: Counts, verdict: Verdict
) -> Override | None:
    if verdict.fixed or not verdict.waivable or counts.candidates is None:
        return None
    override = find_override(connection, segment.name)
    return override if override and override_covers(override.candidate_count, counts.candidates) else None


def _record(connection: duckdb.DuckDBPyConnection, segment: Segment, decision: Decision, run: Run) -> bool:
    """Note the decision, unless it is word for word the newest one with nobody moving, and today's size."""
    counts, is_released = decision.counts, decision.status == "released"
    members = (counts.candidates or 0) if is_released else counts.members
    moved = (counts.entered, counts.left) if is_released else (0, 0)
    contract = segment.contract.model_dump_json() if segment.contract else None
    said: list[Any] = [
        decision.status, decision.title, contract, json.dumps(decision.reasons), counts.candidates, members,
    ]  # fmt: skip
    connection.execute(
        f"insert or replace into {STATE}.daily_sizes select ?, ?, count(*), count(*) filter (is_holdout), ? "
        f"from {STATE}.members where segment_name = ?",
        [run.now.date(), segment.name, decision.status, segment.name],
    )
    if moved == (0, 0) and _newest(connection, segment.name) == said:
        return False
    override = decision.override.override_id if decision.override else None
    connection.execute(
        f"insert or replace into {STATE}.decisions values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, now()::timestamp)",
        [run.run_id, segment.name, run.now, *said, *moved, override],
    )
    return True


def _newest(connection: duckdb.DuckDBPyConnection, name: str) -> list[Any] | None:
    row = connection.execute(
        f"select status, title, contract, reasons, candidate_count, member_count from {STATE}.decisions "
        "where segment_name = ? order by recorded_at desc limit 1",
        [name],
    ).fetchone()
    return list(row) if row else None
