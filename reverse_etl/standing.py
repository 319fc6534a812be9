"""How each sync stands, in words for the person who owns the audience: last run, members, what waits, what to do next.

Everything is read from the state store; nothing is planned or asked of a destination.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from reverse_etl.declarations import SyncDeclaration
from reverse_etl.results import CLEAN
from reverse_etl.sentences import people


@dataclass(frozen=True, slots=True)
class Standing:
    """One sync now. `members` = people whom the destination acknowledged; the counts are of people too.

    `left_behind` are acknowledged in a target that the sync does not point to any more.
    """

    sync: str
    destination: str
    target: str
    status: str
    last_run: datetime | None
    members: int
    waiting: int
    refused: int
    dead_letters: int
    unanswered: int
    next_step: str
    left_behind: int = 0


def read_standings(state: duckdb.DuckDBPyConnection, syncs: Sequence[SyncDeclaration]) -> list[Standing]:
    """The standing of each declared sync, in their order."""
    return [_standing(state, sync) for sync in syncs]


def read_undeclared(
    state: duckdb.DuckDBPyConnection, syncs: Sequence[SyncDeclaration]
) -> list[tuple[str, int]]:
    """Syncs that are not declared any more but hold people somewhere: name, people."""
    rows = state.execute("select sync, count(*) from activation.acked group by sync order by sync").fetchall()
    known = {sync.name for sync in syncs}
    return [(name, count) for name, count in rows if name not in known]


def _standing(state: duckdb.DuckDBPyConnection, sync: SyncDeclaration) -> Standing:
    run = _newest_run(state, sync.name)
    paused = _one(state, "select person, paused_at, reason from activation.paused where sync = ?", sync.name)
    letters = _one(
        state,
        "select count(*), mode(reason) from activation.dead_letters where sync = ?",
        sync.name,
    ) or (0, None)
    in_the_air = "select distinct remote_id from activation.op_journal where state in ('sent', 'unknown')"
    unanswered = _count(state, f"({in_the_air} and sync = ?)", sync.name)
    left, places = _left_behind(state, sync.name)
    next_step = _pause_ends(sync, paused) if paused else _next_step(sync, run, letters, unanswered)
    if left and not paused and run.get("status") in CLEAN:
        next_step = (
            f"{people(left)} are still in {places}, where this sync no longer points to; opt-outs are taken out there. "
            f"`cdp sync apply {sync.name} --confirm` takes everybody out of it."
        )
    return Standing(
        sync=sync.name,
        destination=sync.destination,
        target=sync.target,
        status="paused" if paused else run.get("status", "never run"),
        last_run=run.get("finished_at"),
        members=_count(state, "activation.acked where sync = ?", sync.name),
        waiting=run.get("waiting", 0),
        refused=_count(state, "activation.refusals where sync = ?", sync.name),
        dead_letters=letters[0],
        unanswered=unanswered,
        next_step=next_step,
        left_behind=left,
    )


def _left_behind(state: duckdb.DuckDBPyConnection, name: str) -> tuple[int, str]:
    """People in targets other than the one that the sync pointed to in its newest run, and the names of those."""
    rows = state.execute(
        """with now as (select arg_max(target_key, seen_at) as target_key from activation.declared where sync = $sync)
        select acked.target_key, count(*) from activation.acked, now
        where sync = $sync and acked.target_key <> now.target_key group by 1 order by 1""",
        {"sync": name},
    ).fetchall()
    return sum(count for _, count in rows), " and ".join(key.split(":", 3)[-1] for key, _ in rows)


def _pause_ends(sync: SyncDeclaration, paused: tuple[Any, ...]) -> str:
    person, since, reason = paused
    return (
        f"Paused by {person} since {since:%Y-%m-%d %H:%M}: {reason}. Only opt-outs go out until "
        f"`cdp sync resume {sync.name}`."
    )


def _next_step(sync: SyncDeclaration, run: dict[str, Any], letters: tuple[Any, ...], unanswered: int) -> str:
    if not run:
        return f"Has never run. Look at `cdp sync plan {sync.name}`, then `cdp sync apply {sync.name}`."
    if run["status"] == "held":
        return " ".join(text for text in (run["held_reason"], run["message"]) if text)
    if run["status"] in ("failed", "not configured", "cancelled", "pending"):
        return str(run["message"])
    if unanswered:
        return _about_unanswered(sync, unanswered)
    count, reason = letters
    if run["status"] == "problems" and run["message"] and not count:
        return str(run["message"])
    if count:
        return (
            f"{sync.destination} refused {people(count)}, most often: {reason}. They go out by themselves once their "
            f"data is mended; `cdp sync retry {sync.name}` sends them again as they are now."
        )
    return "Nothing to do."


def _about_unanswered(sync: SyncDeclaration, count: int) -> str:
    if sync.plugin.spec.repeats_safely:
        return f"{sync.destination} did not answer about {people(count)}; the next run sends them again."
    return (
        f"{sync.destination} did not answer about {people(count)}, and sending again might reach them twice. Look "
        f"there; if they got nothing, `cdp sync retry {sync.name} --unanswered`."
    )


def _newest_run(state: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any]:
    cursor = state.execute(
        "select status, finished_at, waiting, held_reason, message from activation.sync_runs where sync = ? "
        "order by finished_at desc limit 1",
        [name],
    )
    names = [column[0] for column in cursor.description or []]
    row = cursor.fetchone()
    return dict(zip(names, row, strict=True)) if row else {}


def _count(state: duckdb.DuckDBPyConnection, source: str, name: str) -> int:
    found = _one(state, f"select count(*) from {source}", name)
    return int(found[0]) if found else 0


def _one(state: duckdb.DuckDBPyConnection, sql: str, name: str) -> tuple[Any, ...] | None:
    return state.execute(sql, [name]).fetchone()
