"""The one call that turns records into customers: train or load, weigh, cluster, assign, keep, publish.

Only the order of steps is said here; each step has its own module.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa

from identity import blocking, ledger, model, outputs, records, scoring, train
from identity.assignment import Assignment, Event, assign
from identity.clusters import Edges, Ids, cluster, neighbourhoods
from identity.workspace import count_rows, workspace
from warehouse.progress import Progress, silent

STAGES = ("read records", "learn", "find pairs", "weigh pairs", "weigh neighbourhoods", "cluster", "keep ids", "publish")
SCREEN_WEIGHT = -8.0  # model weight below which a blocked pair is not looked at again


@dataclass
class IdentityReport:
    """What a resolution did. Counts of events are this run's; `seconds` is wall time per stage."""

    run_id: str
    unchanged: bool
    records: int
    customers: int
    largest_cluster: int
    pairs: int
    model_version: int
    model_method: str
    trained: bool = False
    created: int = 0
    merged: int = 0
    split: int = 0
    moved: int = 0
    retired: int = 0
    restored: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def duplicates(self) -> int:
        """Records beyond the first of each customer."""
        return self.records - self.customers


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
    clock = _Clock(progress)
    with workspace(connection) as warehouse:
        clock.start("read records")
        content = records.input_hash(connection, warehouse)
        frozen = None if retrain else train.load_model(connection, state)
        decisions = ledger.read_decisions(connection, state)
        digest = _digest(content, frozen.version if frozen else None, decisions)
        last = ledger.last_run(connection, state)
        if frozen and last and last.input_hash == digest and outputs.is_published(connection, warehouse, last.run_id):
            return _unchanged(run_id, last, frozen, clock)
        record_count = records.build(connection, warehouse)
        clock.start("learn")
        trained = frozen is None
        if frozen is None:
            frozen = train.train(connection, state=state, run_id=run_id, as_of=as_of, record_count=record_count)
            digest = _digest(content, frozen.version, decisions)
        settings = _prepare(connection, state, frozen, record_count)
        pairs = _weigh(connection, settings, decisions, clock)
        clock.start("cluster")
        labels = _cluster(connection, record_count, decisions)
        clock.start("keep ids")
        history = ledger.read_history(connection, state)
        assignment = assign(_members(connection, labels), history.previous, history.ages, history.live)
        _mark_within(connection, labels)
        run = _run_row(run_id, as_of, digest, frozen.version, pairs, assignment)
        bridges = _bridges(connection, assignment.events, history.previous)
        ledger.commit(connection, state, assignment, history, bridges, run)
        clock.start("publish")
        outputs.publish(connection, warehouse, state)
        return _report(run, frozen, trained, clock)


class _Clock:
    """Wall time per stage, told to whoever watches."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._stage: str | None = None
        self._since = 0.0
        self.seconds: dict[str, float] = {}

    def start(self, stage: str) -> None:
        self.stop()
        self._stage, self._since = stage, time.monotonic()
        self._progress("identity", STAGES.index(stage), len(STAGES), stage)

    def stop(self) -> None:
        if self._stage:
            self.seconds[self._stage] = round(time.monotonic() - self._since, 3)
        self._stage = None

    def finish(self, note: str) -> dict[str, float]:
        self.stop()
        self._progress("identity", len(STAGES), len(STAGES), note)
        return self.seconds


def _digest(content: str, model_version: int | None, decisions: ledger.Decisions) -> str:
    parts = (content, model_version, model.fingerprint(), model.rules_hash(), decisions)
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
    connection: duckdb.DuckDBPyConnection, settings: scoring.Settings, decisions: ledger.Decisions, clock: _Clock
) -> int:
    """Screen the blocked pairs, then weigh every pair inside each neighbourhood into `scored`; returns pairs looked at."""
    clock.start("find pairs")
    pairs = blocking.build_candidates(connection)
    clock.start("weigh pairs")
    scoring.score(connection, settings, "candidates", "screened", SCREEN_WEIGHT)
    connection.execute("drop table candidates")
    edges = _read_edges(connection, "screened", "weight", model.LIMITS.neighbourhood_weight)
    connection.execute("drop table screened")
    clock.start("weigh neighbourhoods")
    must = _decided(connection, decisions.must_link)
    edges = _with_pairs(edges, must, model.LIMITS.weight_ceiling * 100)
    labels = neighbourhoods(edges, count_rows(connection, "records"), largest=model.LIMITS.neighbourhood_size)
    _write_labels(connection, "neighbourhoods", labels)
    connection.execute(
        """
        create or replace table inner_pairs as
        select l.id as join_key_l, r.id as join_key_r, '0' as match_key
        from neighbourhoods l join neighbourhoods r on l.label = r.label and l.id < r.id
        """
    )
    scoring.score(connection, settings, "inner_pairs", "scored")
    return pairs


def _cluster(connection: duckdb.DuckDBPyConnection, record_count: int, decisions: ledger.Decisions) -> Ids:
    row = connection.execute("select label from neighbourhoods order by id").fetchnumpy()
    labels = row["label"].astype(np.int64)
    return cluster(
        _read_edges(connection, "scored", "linkage_weight", None),
        labels,
        cut=model.LIMITS.cut,
        missing=model.LIMITS.weight_floor,
        must=_decided(connection, decisions.must_link),
        cannot=_decided(connection, decisions.cannot_link),
    )


def _read_edges(connection: duckdb.DuckDBPyConnection, table: str, column: str, least: float | None) -> Edges:
    # ids count from 1 in SQL (row_number) and from 0 in arrays
    where = f"where {column} >= {least}" if least is not None else ""
    found = connection.execute(
        f"select id_l - 1 as l, id_r - 1 as r, {column}::double as w from {table} {where} order by l, r"
    ).fetchnumpy()
    return Edges(found["l"].astype(np.int64), found["r"].astype(np.int64), found["w"].astype(np.float64))


def _with_pairs(edges: Edges, pairs: list[tuple[int, int]], weight: float) -> Edges:
    left, right = ([pair[side] for pair in pairs] for side in (0, 1))
    return Edges(
        np.concatenate([edges.left, np.array(left, dtype=np.int64)]),
        np.concatenate([edges.right, np.array(right, dtype=np.int64)]),
        np.concatenate([edges.weight, np.full(len(pairs), weight)]),
    )


def _decided(connection: duckdb.DuckDBPyConnection, pairs: list[tuple[str, str]]) -> list[tuple[int, int]]:
    """Decisions about present records as array positions."""
    if not pairs:
        return []
    names = sorted({name for pair in pairs for name in pair})
    rows = connection.execute("select record_id, id - 1 from records where record_id in ?", [names]).fetchall()
    ids: dict[str, int] = dict(rows)
    return [(ids[left], ids[right]) for left, right in pairs if left in ids and right in ids]


def _write_labels(connection: duckdb.DuckDBPyConnection, table: str, labels: Ids) -> None:
    arriving = pa.table({"id": np.arange(1, len(labels) + 1, dtype=np.int32), "label": labels.astype(np.int32)})
    connection.register("arriving", arriving)
    connection.execute(f"create or replace table {table} as from arriving")
    connection.unregister("arriving")


def _members(connection: duckdb.DuckDBPyConnection, labels: Ids) -> list[list[str]]:
    names = [name for (name,) in connection.execute("select record_id from records order by id").fetchall()]
    groups: dict[int, list[str]] = {}
    for name, label in zip(names, labels.tolist(), strict=True):
        groups.setdefault(label, []).append(name)
    return list(groups.values())


def _mark_within(connection: duckdb.DuckDBPyConnection, labels: Ids) -> None:
    _write_labels(connection, "clusters", labels)
    connection.execute(
        """
        create or replace table scored as
        select s.*, l.label = r.label as is_within_customer
        from scored s join clusters l on l.id = s.id_l join clusters r on r.id = s.id_r
        """
    )


def _bridges(
    connection: duckdb.DuckDBPyConnection, events: Iterable[Event], previous: dict[str, str]
) -> dict[tuple[str, str], ledger.Bridge]:
    """For each merge, the strongest edge between the two old customers' records: the reason, as data."""
    merged = [(event.customer_id, event.related_customer_id or "") for event in events if event.action == "merged"]
    if not merged:
        return {}
    wanted = {customer for pair in merged for customer in pair}
    before = [(record, customer) for record, customer in previous.items() if customer in wanted]
    connection.register("merged_pairs", pa.table({"old": [a for a, _ in merged], "new": [b for _, b in merged]}))
    connection.register("before", pa.table({"record_id": [r for r, _ in before], "customer_id": [c for _, c in before]}))
    rows = connection.execute(
        """
        select m.old, m.new, l.record_id, r.record_id, round(s.weight, 4), s.rule
        from scored s join records l on l.id = s.id_l join records r on r.id = s.id_r
        join before bl on bl.record_id = l.record_id join before br on br.record_id = r.record_id
        join merged_pairs m on (m.old = bl.customer_id and m.new = br.customer_id)
            or (m.old = br.customer_id and m.new = bl.customer_id)
        qualify row_number() over (partition by m.old, m.new order by s.weight desc, s.id_l, s.id_r) = 1
        """
    ).fetchall()
    connection.unregister("merged_pairs")
    connection.unregister("before")
    return {
        (old, new): {"record_id_l": left, "record_id_r": right, "match_weight": weight, "rule": rule}
        for old, new, left, right, weight, rule in rows
    }


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


def _report(run: ledger.RunRow, frozen: train.FrozenModel, trained: bool, clock: _Clock) -> IdentityReport:
    return IdentityReport(
        run_id=run.run_id,
        unchanged=False,
        records=run.record_count,
        customers=run.customer_count,
        largest_cluster=run.largest_cluster,
        pairs=run.pair_count,
        model_version=frozen.version,
        model_method=frozen.method,
        trained=trained,
        created=run.created_count,
        merged=run.merged_count,
        split=run.split_count,
        moved=run.moved_count,
        retired=run.retired_count,
        restored=run.restored_count,
        seconds=clock.finish(f"{run.record_count:,} records are {run.customer_count:,} customers"),
    )


def _unchanged(run_id: str, last: ledger.RunRow, frozen: train.FrozenModel, clock: _Clock) -> IdentityReport:
    return IdentityReport(
        run_id=run_id,
        unchanged=True,
        records=last.record_count,
        customers=last.customer_count,
        largest_cluster=last.largest_cluster,
        pairs=0,
        model_version=frozen.version,
        model_method=frozen.method,
        seconds=clock.finish("nothing changed"),
    )



