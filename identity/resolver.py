"""The one call that turns records into customers: find what changed, train or load, weigh, cluster, keep ids, publish.

Only the order of steps is said here; each step has its own module.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import duckdb

from identity import (
    blocking,
    cache,
    changes,
    graph,
    history,
    ledger,
    model,
    outputs,
    records,
    rules,
    scoring,
    train,
)
from identity.assignment import Assignment, assign
from identity.report import Clock, IdentityReport, report_run, report_unchanged
from identity.training import read_labels
from identity.workspace import count_rows, workspace
from warehouse.connections import transaction
from warehouse.progress import Progress, silent

SCREEN_WEIGHT = -8.0  # model weight below which a blocked pair is not looked at again


@dataclass(frozen=True)
class _Night:
    """What one resolution works with: catalogs, the schema of what the last one left, decisions."""

    warehouse: str
    state: str
    kept: str
    decisions: history.Decisions


def resolve(
    connection: duckdb.DuckDBPyConnection,
    *,
    run_id: str,
    as_of: datetime,
    state: str = "state_store",
    progress: Progress = silent,
    retrain: bool = False,
    full: bool = False,
) -> IdentityReport:
    """Resolve `intermediate.int_identity__records` into customers; write state `identity.*`, then `identity.*`.

    `connection` has the warehouse as default catalog and the state file attached as `state`. The state is committed
    first and the warehouse second, each in one transaction: after a crash in between, the next run gives the same
    ids. Does nothing when records, model, rules and decisions are as in the last run and its outputs are there.
    Otherwise only what the changes since then can have touched is weighed and clustered again, with the same result
    as doing all of it, which `full`, another model, other rules or a lost cache bring about. Raises RecordsMissing,
    RecordsInvalid.
    """
    clock = Clock(progress)
    with workspace(connection) as warehouse:
        clock.start("read records")
        content = records.read(connection, warehouse)
        frozen = None if retrain else train.load_model(connection, state)
        decisions = history.read_decisions(connection, state)
        last = ledger.last_run(connection, state)
        if (
            frozen
            and last
            and not full
            and last.input_hash == _digest(content, frozen, decisions)
            and outputs.is_published(connection, warehouse, last.run_id)
        ):
            return report_unchanged(run_id, last, frozen, clock)
        record_count = count_rows(connection, "present_rows")
        learns = frozen is None or train.has_outgrown(frozen, record_count)
        expected = None if learns or full or frozen is None else _basis(frozen, record_count)
        kept = cache.find(connection, warehouse, run_id=last.run_id if last else None, expected=expected)
        night = _Night(warehouse, state, kept, decisions)
        changes.find(connection, warehouse, kept)
        clock.start("learn")
        if frozen is None or learns:
            frozen = train.train(
                connection,
                state=state,
                run_id=run_id,
                as_of=as_of,
                record_count=record_count,
                labels=read_labels(connection, decisions),
            )
        records.load_frequencies(connection, state, frozen.version)
        pairs = _weigh(connection, night, frozen.settings_for(record_count), clock)
        clock.start("cluster")
        must = graph.profile_pairs(connection, decisions.must_link)
        graph.find_clusters(connection, must, graph.profile_pairs(connection, decisions.cannot_link))
        outputs.prepare(connection)
        clock.start("keep ids")
        assignment, run = _keep_ids(
            connection,
            night,
            _run_row(run_id, as_of, _digest(content, frozen, decisions), frozen.version, pairs),
        )
        clock.start("publish")
        _publish(connection, night, assignment, run_id, _basis(frozen, record_count))
        return report_run(run, frozen, learns, clock, is_full=not cache.is_kept(kept))


def _digest(content: str, frozen: train.FrozenModel, decisions: history.Decisions) -> str:
    parts = (content, frozen.version, model.fingerprint(), rules.rules_hash(), decisions)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _basis(frozen: train.FrozenModel, record_count: int) -> str:
    return cache.basis(frozen.version, scoring.prior_weight(frozen.settings_for(record_count)))


def _weigh(
    connection: duckdb.DuckDBPyConnection, night: _Night, settings: scoring.Settings, clock: Clock
) -> int:
    """Screen the blocked pairs, then bring `scored` together: every pair inside each neighbourhood that has stirred.

    Returns the number of pairs looked at.
    """
    clock.start("find pairs")
    pairs = blocking.find_candidates(connection, night.kept)
    clock.start("weigh pairs")
    changes.describe_missing(
        connection, night.warehouse, "select id_l as id from candidates union select id_r from candidates"
    )
    scoring.score(connection, settings, "candidates", "screened", SCREEN_WEIGHT)
    connection.execute(
        "create or replace table new_edges as select id_l, id_r, weight from screened"
        f" where weight >= {rules.LIMITS.neighbourhood_weight}"
    )
    connection.execute("drop table screened")
    clock.start("weigh neighbourhoods")
    must = graph.profile_pairs(connection, night.decisions.must_link)
    decided = graph.profiles_of(connection, cache.changed_decisions(connection, night.kept, night.decisions))
    graph.find_stirred(connection, night.kept, must, decided.values())
    return pairs + _weigh_inside(connection, night, settings)


def _weigh_inside(connection: duckdb.DuckDBPyConnection, night: _Night, settings: scoring.Settings) -> int:
    """Create `scored` from the weights that were kept and those of pairs that were never in one neighbourhood."""
    connection.execute(
        f"""
        create or replace table inner_pairs as
        select l.id as id_l, r.id as id_r from stirred l join stirred r on l.label = r.label and l.id < r.id
        anti join {night.kept}.scored k on k.id_l = l.id and k.id_r = r.id
        """
    )
    changes.describe_missing(
        connection, night.warehouse, "select id_l as id from inner_pairs union select id_r from inner_pairs"
    )
    scoring.score(connection, settings, "inner_pairs", "scored")
    if cache.is_kept(night.kept):
        connection.execute(
            f"""
            insert into scored by name
            select k.* from {night.kept}.scored k
            join stirred l on l.id = k.id_l join stirred r on r.id = k.id_r and r.label = l.label
            """
        )
    return count_rows(connection, "inner_pairs")


def _keep_ids(
    connection: duckdb.DuckDBPyConnection, night: _Night, run: ledger.RunRow
) -> tuple[Assignment, ledger.RunRow]:
    past = history.read_history(connection, night.state)
    clusters = graph.members(connection) + history.untouched_clusters(connection, night.state)
    assignment = assign(clusters, past.previous, past.ages, past.live)
    bridges = graph.find_bridges(connection, assignment.events, past.previous)
    happened = Counter(event.action for event in assignment.events)
    return assignment, ledger.commit(connection, night.state, assignment, bridges, run.with_counts(happened))


def _publish(
    connection: duckdb.DuckDBPyConnection, night: _Night, assignment: Assignment, run_id: str, basis: str
) -> None:
    is_full = not cache.is_kept(night.kept)
    with transaction(connection):
        outputs.publish(connection, night.warehouse, night.state, assignment.customer_of, is_full=is_full)
        cache.write(connection, night.warehouse, night.kept, night.decisions, run_id, basis)


def _run_row(run_id: str, as_of: datetime, digest: str, version: int, pairs: int) -> ledger.RunRow:
    return ledger.RunRow(
        run_id=run_id, as_of=as_of, input_hash=digest, model_version=version, pair_count=pairs
    )
