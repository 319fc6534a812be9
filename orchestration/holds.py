"""Which syncs must not go out because something they are built from failed, and the sentence that says so.

Dagster and dbt do not stop what comes after a failed test by themselves; the runner refuses on this list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import duckdb

from orchestration.dbt_process import NodeResult
from segments.contracts import FOLDER, PREFIX
from segments.release import held_sentence
from warehouse.connections import transaction


def record_results(
    connection: duckdb.DuckDBPyConnection, phase: str, results: Iterable[NodeResult], *, is_subset: bool
) -> None:
    """Replace the stored results of one phase (`state.dbt_results`, one row per dbt node built or tested).

    After a build of a part of the phase, what is known of the other nodes stays.
    """
    _create(connection)
    rows = [(phase, r.unique_id, r.status, r.message, r.failures, r.seconds) for r in results]
    with transaction(connection):
        if not is_subset:
            connection.execute("delete from state.dbt_results where phase = ?", [phase])
        if rows:
            replaced = [[row[1]] for row in rows]
            connection.executemany("delete from state.dbt_results where unique_id = ?", replaced)
            connection.executemany("insert into state.dbt_results values (?, ?, ?, ?, ?, ?)", rows)


def read_results(connection: duckdb.DuckDBPyConnection, phase: str) -> list[NodeResult]:
    """The stored results of one phase, in a fixed order."""
    _create(connection)
    rows = connection.execute(
        "select unique_id, status, message, failures, seconds from state.dbt_results where phase = ? order by all",
        [phase],
    ).fetchall()
    return [NodeResult(*row) for row in rows]


def read_failures(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Failed nodes of the newest build: unique id → message.

    A skipped model counts, for its table is an old one; a skipped test does not: what made it be skipped counts itself.
    """
    _create(connection)
    return dict(
        connection.execute(
            "select unique_id, any_value(message) from state.dbt_results"
            " where status in ('error', 'fail', 'runtime error') or (status = 'skipped' and unique_id not like 'test.%')"
            " group by all order by all"
        ).fetchall()
    )


def held_syncs(
    manifest: Mapping[str, Any], failures: Mapping[str, str], held_segments: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Sync name → why it is held, for every exposure with a failed model or test upstream, or made from a held segment.

    Fails closed: a sync model that was skipped because of an earlier failure holds its sync as well. What a segment is
    built from is judged when the segment is released (`held_segments`: model's unique id → why it is held), not again
    here, so that a person can let it pass. Without `held_segments` everything upstream counts.
    """
    holds = {}
    for unique_id, exposure in manifest["exposures"].items():
        stops = set() if held_segments is None else segment_nodes(manifest)
        upstream = ancestors(manifest, unique_id, stops)
        reasons = [why for segment, why in (held_segments or {}).items() if segment in upstream]
        culprits = _culprits(manifest, failures, upstream - stops)
        if culprits:
            reasons.append(f"{_sentence(manifest, culprits)}; see `cdp status`")
        if reasons:
            holds[exposure["name"]] = "; and ".join(reasons)
    return holds


def blocked_syncs(connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> dict[str, str]:
    """Sync name → why it must not go out now. `connection` is the warehouse, as the newest run left it."""
    return held_syncs(manifest, read_failures(connection), read_held_segments(connection, manifest))


def read_held_segments(connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> dict[str, str]:
    """Segment's unique id → why it is held. A segment about which nothing was decided yet is held too."""
    known = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'state' and table_name = 'segment_decisions'"
    ).fetchone()
    decided = (
        connection.execute(
            "select segment_name, status, title, reasons from state.segment_decisions"
        ).fetchall()
        if known
        else []
    )
    status = {name: (state, title, reasons) for name, state, title, reasons in decided}
    held = {}
    for unique_id in segment_nodes(manifest):
        name = manifest["nodes"][unique_id]["name"].removeprefix(PREFIX)
        state, title, reasons = status.get(
            name, ("", name, "it has not been released yet; `cdp run` does so")
        )
        if state != "released":
            held[unique_id] = held_sentence(name, title, (reasons,))
    return held


def broken_segments(manifest: Mapping[str, Any], failures: Mapping[str, str]) -> dict[str, str]:
    """Segment name → which test or model that it is built from did not pass."""
    broken = {}
    for unique_id in segment_nodes(manifest):
        culprits = _culprits(manifest, failures, ancestors(manifest, unique_id) | {unique_id})
        if culprits:
            name = manifest["nodes"][unique_id]["name"].removeprefix(PREFIX)
            broken[name] = _sentence(manifest, culprits)
    return broken


def segment_nodes(manifest: Mapping[str, Any]) -> set[str]:
    """The unique ids of all segments."""
    return {
        unique_id
        for unique_id, node in manifest["nodes"].items()
        if unique_id.startswith("model.")
        and FOLDER in node.get("fqn", ())
        and node["name"].startswith(PREFIX)
    }


def _culprits(manifest: Mapping[str, Any], failures: Mapping[str, str], upstream: set[str]) -> list[str]:
    return [node for node in failures if node in upstream or _tests(manifest, node) & upstream]


def ancestors(manifest: Mapping[str, Any], unique_id: str, stops: Collection[str] = frozenset()) -> set[str]:
    """Every node that `unique_id` is built from, directly or not; what `stops` are built from is left out."""
    found: set[str] = set()
    waiting = [unique_id]
    while waiting:
        for parent in manifest["parent_map"].get(waiting.pop(), []):
            if parent not in found:
                found.add(parent)
                if parent not in stops:
                    waiting.append(parent)
    return found


def _tests(manifest: Mapping[str, Any], unique_id: str) -> set[str]:
    """The models a test speaks about: the one it is written beside, else all that it reads; none for other nodes."""
    if not unique_id.startswith("test."):
        return set()
    beside = manifest["nodes"].get(unique_id, {}).get("attached_node")
    return {beside} if beside else set(manifest["parent_map"].get(unique_id, []))


def _sentence(manifest: Mapping[str, Any], culprits: list[str]) -> str:
    # a skipped model is a consequence; name the test or model that failed first where there is one
    first = sorted(culprits, key=lambda node: (not node.startswith("test."), node))[0]
    name = manifest["nodes"][first]["name"] if first in manifest["nodes"] else first
    kind = "the data test" if first.startswith("test.") else "the model"
    more = f" (and {len(culprits) - 1} more)" if len(culprits) > 1 else ""
    return f"{kind} {name}{more} did not pass, so this audience may be wrong"


def _create(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create schema if not exists state")
    connection.execute(
        "create table if not exists state.dbt_results"
        " (phase text, unique_id text, status text, message text, failures bigint, seconds double)"
    )
