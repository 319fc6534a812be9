"""The one call that turns records into customers: train or load, weigh, cluster, assign, keep, publish.

Only the order of steps is said here; each step has its own module.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime

import duckdb
import numpy as np

from identity import blocking, graph, ledger, model, outputs, records, rules, scoring, train
from identity.assignment import Assignment, assign
from identity.clusters import Ids, cluster, neighbourhoods
from identity.report import Clock, IdentityReport, report_run, report_unchanged
from identity.workspace import count_rows, workspace
from warehouse.progress import Progress, silent

SCREEN_WEIGHT = -8.0  # model weight below which a blocked pair is not looked at again


def resolve(
    connection: duckdb.DuckDBPyConnection,
    *,
    run_id: str,
    as_of: datetime,
    state: str = "state_store",
    progress: Progress = silent,
    retrain: bool = False,
) -> IdentityReport:
    """Resolve `intermediate.int_identity__records` into customers; write state `identity.*`, then `identity.*`.

    `connection` has the warehouse as default catalog and the state file attached as `state`. The state is committed
    first and the warehouse second, each in one transaction: after a crash in between, the next run gives the same
    ids. Does nothing when records, model, rules and decisions are as in the last run and its outputs are there.
    Raises RecordsMissing, RecordsInvalid.
    """
    clock = Clock(progress)
    with workspace(connection) as warehouse:
        clock.start("read records")
        content = records.input_hash(connection, warehouse)
        frozen = None if retrain else train.load_model(connection, state)
        decisions = ledger.read_decisions(connection, state)
        digest = _digest(content, frozen.version if frozen else None, decisions)
        last = ledger.last_run(connection, state)
        if (
            frozen
            and last
            and last.input_hash == digest
            and outputs.is_published(connection, warehouse, last.run_id)
        ):
            return report_unchanged(run_id, last, frozen, clock)
        record_count = records.build(connection, warehouse)
        clock.start("learn")
        trained = frozen is None or train.has_outgrown(frozen, record_count)
        if frozen is None or trained:
            frozen = train.train(
                connection, state=state, run_id=run_id, as_of=as_of, record_count=record_count
            )
            digest = _digest(content, frozen.version, decisions)
        settings = _prepare(connection, state, frozen, record_count)
        pairs = _weigh(connection, settings, decisions, clock)
        clock.start("cluster")
        labels = _cluster(connection, decisions)
        clock.start("keep ids")
        history = ledger.read_history(connection, state)
        assignment = assign(graph.members(connection, labels), history.previous, history.ages, history.live)
        graph.mark_within(connection, labels)
        run = _run_row(run_id, as_of, digest, frozen.version, pairs, assignment)
        bridges = graph.find_bridges(connection, assignment.events, history.previous)
        ledger.commit(connection, state, assignment, history, bridges, run)
        clock.start("publish")
        outputs.publish(connection, warehouse, state)
        return report_run(run, frozen, trained, clock)


def _digest(content: str, model_version: int | None, decisions: ledger.Decisions) -> str:
    parts = (content, model_version, model.fingerprint(), rules.rules_hash(), decisions)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _prepare(
    connection: duckdb.DuckDBPyConnection, state: str, frozen: train.FrozenModel, record_count: int
) -> scoring.Settings:
    connection.execute(
        "create or replace table frozen_frequencies as select field, value, frequency"
        f" from {state}.identity.model_term_frequencies where model_version = {frozen.version}"
    )
    records.build_frequency_lookups(connection, "frozen_frequencies", frozen.record_count)
    return frozen.settings_for(record_count)


def _weigh(
    connection: duckdb.DuckDBPyConnection,
    settings: scoring.Settings,
    decisions: ledger.Decisions,
    clock: Clock,
) -> int:
    """Screen the blocked pairs, then weigh every pair inside each neighbourhood into `scored`; returns pairs looked at."""
    clock.start("find pairs")
    pairs = blocking.build_candidates(connection)
    clock.start("weigh pairs")
    scoring.score(connection, settings, "candidates", "screened", SCREEN_WEIGHT)
    connection.execute("drop table candidates")
    edges = graph.read_edges(connection, "screened", "weight", rules.LIMITS.neighbourhood_weight)
    connection.execute("drop table screened")
    clock.start("weigh neighbourhoods")
    must = graph.decided(connection, decisions.must_link)
    edges = graph.with_pairs(edges, must, rules.LIMITS.weight_ceiling * 100)
    labels = neighbourhoods(edges, count_rows(connection, "records"), largest=rules.LIMITS.neighbourhood_size)
    graph.write_labels(connection, "neighbourhoods", labels)
    connection.execute(
        """
        create or replace table inner_pairs as
        select l.id as join_key_l, r.id as join_key_r, '0' as match_key
        from neighbourhoods l join neighbourhoods r on l.label = r.label and l.id < r.id
        """
    )
    scoring.score(connection, settings, "inner_pairs", "scored")
    return pairs


def _cluster(connection: duckdb.DuckDBPyConnection, decisions: ledger.Decisions) -> Ids:
    labels = np.asarray(
        connection.execute("select label from neighbourhoods order by id").fetchnumpy()["label"], np.int64
    )
    return cluster(
        graph.read_edges(connection, "scored", "linkage_weight", None),
        labels,
        cut=rules.LIMITS.cut,
        missing=rules.LIMITS.weight_floor,
        must=graph.decided(connection, decisions.must_link),
        cannot=graph.decided(connection, decisions.cannot_link),
    )


def _run_row(
    run_id: str, as_of: datetime, digest: str, version: int, pairs: int, assignment: Assignment
) -> ledger.RunRow:
    happened = Counter(event.action for event in assignment.events)
    sizes = Counter(assignment.customer_of.values())
    return ledger.RunRow(
        run_id=run_id,
        as_of=as_of,
        input_hash=digest,
        model_version=version,
        record_count=len(assignment.customer_of),
        customer_count=len(sizes),
        created_count=happened["created"],
        merged_count=happened["merged"],
        split_count=happened["split"],
        moved_count=happened["moved"],
        retired_count=happened["retired"],
        restored_count=happened["restored"],
        pair_count=pairs,
        largest_cluster=max(sizes.values(), default=0),
    )
