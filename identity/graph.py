"""Between the scratch tables and arrays: edges out, labels in, and the strongest edges behind merges.

Weights come from `scoring.py`, clusters from `clusters.py`; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import numpy as np
import pyarrow as pa

from identity import ledger
from identity.assignment import Event
from identity.clusters import Edges, Ids


def read_edges(connection: duckdb.DuckDBPyConnection, table: str, column: str, least: float | None) -> Edges:
    # ids count from 1 in SQL (row_number) and from 0 in arrays
    where = f"where {column} >= {least}" if least is not None else ""
    found = connection.execute(
        f"select id_l - 1 as l, id_r - 1 as r, {column}::double as w from {table} {where} order by l, r"
    ).fetchnumpy()
    return Edges(
        np.asarray(found["l"], np.int64), np.asarray(found["r"], np.int64), np.asarray(found["w"], np.float64)
    )


def with_pairs(edges: Edges, pairs: list[tuple[int, int]], weight: float) -> Edges:
    left, right = ([pair[side] for pair in pairs] for side in (0, 1))
    return Edges(
        np.concatenate([edges.left, np.array(left, dtype=np.int64)]),
        np.concatenate([edges.right, np.array(right, dtype=np.int64)]),
        np.concatenate([edges.weight, np.full(len(pairs), weight)]),
    )


def decided(connection: duckdb.DuckDBPyConnection, pairs: list[tuple[str, str]]) -> list[tuple[int, int]]:
    """Decisions about present records as array positions."""
    if not pairs:
        return []
    names = sorted({name for pair in pairs for name in pair})
    rows = connection.execute(
        "select record_id, id - 1 from records where record_id in ?", [names]
    ).fetchall()
    ids: dict[str, int] = dict(rows)
    return [(ids[left], ids[right]) for left, right in pairs if left in ids and right in ids]


def write_labels(connection: duckdb.DuckDBPyConnection, table: str, labels: Ids) -> None:
    arriving = pa.table(
        {"id": np.arange(1, len(labels) + 1, dtype=np.int32), "label": labels.astype(np.int32)}
    )
    connection.register("arriving", arriving)
    connection.execute(f"create or replace table {table} as from arriving")
    connection.unregister("arriving")


def members(connection: duckdb.DuckDBPyConnection, labels: Ids) -> list[list[str]]:
    names = [name for (name,) in connection.execute("select record_id from records order by id").fetchall()]
    groups: dict[int, list[str]] = {}
    for name, label in zip(names, labels.tolist(), strict=True):
        groups.setdefault(label, []).append(name)
    return list(groups.values())


def mark_within(connection: duckdb.DuckDBPyConnection, labels: Ids) -> None:
    write_labels(connection, "clusters", labels)
    connection.execute(
        """
        create or replace table scored as
        select s.*, l.label = r.label as is_within_customer
        from scored s join clusters l on l.id = s.id_l join clusters r on r.id = s.id_r
        """
    )


def find_bridges(
    connection: duckdb.DuckDBPyConnection, events: Iterable[Event], previous: dict[str, str]
) -> dict[tuple[str, str], ledger.Bridge]:
    """For each merge, the strongest edge between the two old customers' records: the reason, as data."""
    merged = [
        (event.customer_id, event.related_customer_id or "") for event in events if event.action == "merged"
    ]
    if not merged:
        return {}
    wanted = {customer for pair in merged for customer in pair}
    before = [(record, customer) for record, customer in previous.items() if customer in wanted]
    connection.register(
        "merged_pairs", pa.table({"old": [a for a, _ in merged], "new": [b for _, b in merged]})
    )
    connection.register(
        "before", pa.table({"record_id": [r for r, _ in before], "customer_id": [c for _, c in before]})
    )
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
