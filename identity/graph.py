"""Between the scratch tables and arrays: edges out, neighbourhoods and clusters in, and the links behind merges.

Weights come from `scoring.py`, clusters from `clusters.py`; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb
import numpy as np
import pyarrow as pa

from identity import ledger, rules
from identity.assignment import Event
from identity.clusters import Cuts, Pair, cluster
from identity.neighbourhoods import Edges, Ids, neighbourhoods, stirred
from identity.workspace import first_row


def find_stirred(
    connection: duckdb.DuckDBPyConnection, cache: str, must: list[Pair], decided: Iterable[int]
) -> None:
    """Create `stirred(id, profile, label)`: the members of neighbourhoods that are new or not as they were.

    `must` are pairs of profiles that people joined, `decided` the profiles of changed decisions.
    """
    row = first_row(
        connection,
        f"select greatest((select coalesce(max(id), 0) from {cache}.profiles), (select coalesce(max(id), 0) from new_profiles))",
    )
    count = int(row[0] if row else 0) + 1
    limits = rules.LIMITS
    labels = neighbourhoods(
        _with_pairs(_read_edges(connection, cache), must),
        count,
        largest=limits.neighbourhood_size,
        least=limits.neighbourhood_weight,
    )
    before = np.full(count, -1, dtype=np.int64)
    found = connection.execute(f"select id, label from {cache}.profiles").fetchnumpy()
    before[found["id"]] = found["label"]
    is_present = before >= 0
    is_present[_ids(connection, "gone_profiles")] = False
    is_changed = np.zeros(count, dtype=np.bool_)
    for touched in (
        _ids(connection, "new_profiles"),
        _ids(connection, "changed_profiles"),
        np.array([*decided], np.int64),
    ):
        is_changed[touched] = True
    is_present |= is_changed
    members = np.flatnonzero(stirred(labels, before, is_present, is_changed))
    _write(
        connection,
        "stirred_labels",
        {"id": members.astype(np.int32), "label": labels[members].astype(np.int32)},
    )
    connection.execute(
        f"""
        create or replace table stirred as
        select id, profile, label from stirred_labels join (
            select id, profile from {cache}.profiles union all from new_profiles
        ) using (id)
        """
    )


def find_clusters(connection: duckdb.DuckDBPyConnection, must: list[Pair], cannot: list[Pair]) -> None:
    """Create `clusters(id, label, strict, loose)`, a label per tier of confidence, for the profiles in `stirred`.

    Weights are read from `scored`. Profiles take part in the order of their digests: what comes out depends on what
    they hold, not on their numbers.
    """
    found = connection.execute("select id, label from stirred order by profile").fetchnumpy()
    ids = np.asarray(found["id"], np.int64)
    place = np.zeros(int(ids.max(initial=0)) + 1, dtype=np.int64)
    place[ids] = np.arange(len(ids))
    _, first, labels = np.unique(found["label"], return_index=True, return_inverse=True)
    pairs = connection.execute(
        "select id_l, id_r, linkage_weight as w, is_conflict from scored order by 1, 2"
    ).fetchnumpy()
    left, right = place[pairs["id_l"]], place[pairs["id_r"]]
    conflicts = np.flatnonzero(pairs["is_conflict"])
    here = set(ids.tolist())

    def placed(decided: list[Pair]) -> list[Pair]:
        return [(int(place[a]), int(place[b])) for a, b in decided if a in here and b in here]

    limits = rules.LIMITS
    tiers = cluster(
        Edges(np.minimum(left, right), np.maximum(left, right), np.asarray(pairs["w"], np.float64)),
        np.asarray(first[labels], np.int64),
        # a cut that is tried out may lie beyond the others
        cuts=Cuts(
            max(limits.strict_cut, limits.cut), limits.cut, min(limits.loose_cut, limits.cut), limits.size_cut
        ),
        missing=limits.weight_floor,
        must=placed(must),
        cannot=placed(cannot),
        conflicts=list(zip(left[conflicts].tolist(), right[conflicts].tolist(), strict=True)),
    )
    columns = zip(("strict", "label", "loose"), tiers, strict=True)
    _write(
        connection,
        "clusters",
        {"id": ids.astype(np.int32), **{name: tier.astype(np.int32) for name, tier in columns}},
    )


def profile_pairs(connection: duckdb.DuckDBPyConnection, pairs: list[tuple[str, str]]) -> list[Pair]:
    """Decided pairs of present records as pairs of profiles."""
    found = profiles_of(connection, sorted({record for pair in pairs for record in pair}))
    known = [(found[left], found[right]) for left, right in pairs if left in found and right in found]
    return [(left, right) for left, right in known if left != right]


def profiles_of(connection: duckdb.DuckDBPyConnection, records: list[str]) -> dict[str, int]:
    """Record → profile, of the given records that are present."""
    if not records:
        return {}
    return dict(
        connection.execute("select record_id, id from present where record_id in ?", [records]).fetchall()
    )


def members(connection: duckdb.DuckDBPyConnection) -> list[list[str]]:
    """The record ids of each cluster."""
    rows = connection.execute(
        "select list(record_id) from present join clusters using (id) group by label"
    ).fetchall()
    return [names for (names,) in rows]


def find_bridges(
    connection: duckdb.DuckDBPyConnection, events: Iterable[Event], previous: Mapping[str, str]
) -> dict[tuple[str, str], ledger.Bridge]:
    """For each merge, the strongest link between the two old customers' records: the reason, as data."""
    merged = [
        (event.customer_id, event.related_customer_id or "") for event in events if event.action == "merged"
    ]
    if not merged:
        return {}
    wanted = {customer for pair in merged for customer in pair}
    before = [(record, customer) for record, customer in previous.items() if customer in wanted]
    _write(connection, "merged_pairs", {"old": [a for a, _ in merged], "new": [b for _, b in merged]})
    _write(connection, "before", {"record_id": [r for r, _ in before], "customer_id": [c for _, c in before]})
    rows = connection.execute(
        """
        select m.old, m.new, l.record_id_l, l.record_id_r, round(l.weight, 4), l.rule
        from links l join before bl on bl.record_id = l.record_id_l join before br on br.record_id = l.record_id_r
        join merged_pairs m on (m.old = bl.customer_id and m.new = br.customer_id)
            or (m.old = br.customer_id and m.new = bl.customer_id)
        qualify row_number() over (partition by m.old, m.new order by l.weight desc, l.record_id_l, l.record_id_r) = 1
        """
    ).fetchall()
    return {
        (old, new): {"record_id_l": left, "record_id_r": right, "match_weight": weight, "rule": rule}
        for old, new, left, right, weight, rule in rows
    }


def _read_edges(connection: duckdb.DuckDBPyConnection, cache: str) -> Edges:
    found = connection.execute(
        f"""
        select id_l, id_r, weight from {cache}.edges anti join lost_edges using (id_l, id_r)
        where id_l not in (select id from gone_profiles) and id_r not in (select id from gone_profiles)
        union all select id_l, id_r, weight from new_edges
        """
    ).fetchnumpy()
    return Edges(
        np.asarray(found["id_l"], np.int64),
        np.asarray(found["id_r"], np.int64),
        np.asarray(found["weight"], np.float64),
    )


def _with_pairs(edges: Edges, pairs: list[Pair]) -> Edges:
    left, right = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    return Edges(
        np.concatenate([edges.left, left]),
        np.concatenate([edges.right, right]),
        np.concatenate([edges.weight, np.full(len(pairs), np.inf)]),
    )


def _ids(connection: duckdb.DuckDBPyConnection, table: str) -> Ids:
    return np.asarray(connection.execute(f"select id from {table}").fetchnumpy()["id"], np.int64)


def _write(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, object]) -> None:
    connection.register("arriving", pa.table(dict(columns)))
    connection.execute(f"create or replace table {table} as from arriving")
    connection.unregister("arriving")
