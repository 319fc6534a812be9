"""The review queue: which pairs of records a person should look at first, by uncertainty times what is at stake.

Reads published tables only; what is decided is written by `decisions.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import duckdb
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import minimum_spanning_tree

from identity.rules import LIMITS

Question = Literal["one person?", "two people?"]
# a pair this many bits away from the cut is as good as certain (1 : 64)
DOUBT_BITS = 6.0


@dataclass(frozen=True)
class ReviewItem:
    """One question. `one person?`: two customers that were not joined, and the pair of records that speaks most for it.

    `two people?`: one customer, and the weakest link that holds it together. `doubt` is 1 at the cut and 0 at
    DOUBT_BITS from it; `value` is the money spent by everyone concerned; the queue is by doubt × (1 + value).
    """

    question: Question
    record_id_l: str
    record_id_r: str
    customer_id_l: str
    customer_id_r: str
    weight: float
    doubt: float
    value: float


def read_queue(
    connection: duckdb.DuckDBPyConnection, *, limit: int = 50, decided: Collection[tuple[str, str]] = ()
) -> list[ReviewItem]:
    """The `limit` questions most worth a person's time, best first. Pairs in `decided` (in any order) are not asked again."""
    known = {tuple(sorted(pair)) for pair in decided}
    spent = _spent(connection)
    items = [_item("one person?", row, spent) for row in _apart(connection)]
    items += [_item("two people?", row, spent) for row in _bridges(connection)]
    asked = [item for item in items if (item.record_id_l, item.record_id_r) not in known]
    return sorted(
        asked, key=lambda item: (-item.doubt * (1 + item.value), item.record_id_l, item.record_id_r)
    )[:limit]


def read_records(connection: duckdb.DuckDBPyConnection, record_ids: Collection[str]) -> list[dict[str, Any]]:
    """The records named, as the resolver saw them, for showing side by side."""
    cursor = connection.execute(
        "select * from intermediate.int_identity__records where list_contains(?::varchar[], record_id) order by record_id",
        [list(record_ids)],
    )
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def read_evidence(
    connection: duckdb.DuckDBPyConnection, left: str, right: str
) -> list[tuple[str, str, float]]:
    """(field, how it agreed, bits) of one pair, heaviest first."""
    return connection.execute(
        "select field, level, match_weight from identity.identity_evidence "
        "where (record_id_l, record_id_r) in ((?, ?), (?, ?)) order by abs(match_weight) desc",
        [left, right, right, left],
    ).fetchall()


def _apart(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Per two customers the strongest pair between them, where it is in doubt."""
    return connection.execute(
        """
        select least(e.record_id_l, e.record_id_r), greatest(e.record_id_l, e.record_id_r),
            l.customer_id, r.customer_id, e.match_weight
        from identity.identity_edges e
        join identity.identity_clusters l on l.record_id = e.record_id_l
        join identity.identity_clusters r on r.record_id = e.record_id_r
        where not e.is_within_customer and abs(e.match_weight - $cut) < $doubt
        qualify row_number() over (
            partition by least(l.customer_id, r.customer_id), greatest(l.customer_id, r.customer_id)
            order by e.match_weight desc, 1, 2
        ) = 1
        """,
        {"cut": LIMITS.cut, "doubt": DOUBT_BITS},
    ).fetchall()


def _bridges(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Per customer the weakest edge of its maximum spanning tree, where it is in doubt."""
    edges = connection.execute(
        """
        with places as (select record_id, customer_id, row_number() over (order by record_id) - 1 as place
            from identity.identity_clusters)
        select l.place as l, r.place as r, e.match_weight as weight, e.record_id_l, e.record_id_r, l.customer_id
        from identity.identity_edges e
        join places l on l.record_id = e.record_id_l join places r on r.record_id = e.record_id_r
        where e.is_within_customer order by 1, 2
        """
    ).fetchnumpy()
    if not len(edges["l"]):
        return []
    weights = np.asarray(edges["weight"], np.float64)
    left, right = np.asarray(edges["l"], np.int64), np.asarray(edges["r"], np.int64)
    size = max(int(left.max()), int(right.max())) + 1
    # a tree of least cost is one of greatest weight; costs must not be zero, or scipy takes the edge for missing
    cost = weights.max() + 1.0 - weights
    tree = minimum_spanning_tree(coo_matrix((cost, (left, right)), (size, size)).tocsr()).tocoo()
    place = {pair: i for i, pair in enumerate(zip(left.tolist(), right.tolist(), strict=True))}
    weakest: dict[str, int] = {}
    for a, b in zip(tree.row.tolist(), tree.col.tolist(), strict=True):
        found = place[a, b] if (a, b) in place else place[b, a]
        customer = str(edges["customer_id"][found])
        if customer not in weakest or weights[found] < weights[weakest[customer]]:
            weakest[customer] = found
    return [
        (
            *sorted((str(edges["record_id_l"][i]), str(edges["record_id_r"][i]))),
            customer,
            customer,
            float(weights[i]),
        )
        for customer, i in sorted(weakest.items())
        if abs(weights[i] - LIMITS.cut) < DOUBT_BITS
    ]


def _spent(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    rows = connection.execute(
        "select customer_id, coalesce(total_spend_amount, 0)::double from marts.customers where total_spend_amount > 0"
    ).fetchall()
    return dict(rows)


def _item(question: Question, row: tuple[Any, ...], spent: dict[str, float]) -> ReviewItem:
    left, right, customer_l, customer_r, weight = row
    value = sum(spent.get(customer, 0.0) for customer in {customer_l, customer_r})
    doubt = max(0.0, 1 - abs(weight - LIMITS.cut) / DOUBT_BITS)
    return ReviewItem(question, left, right, customer_l, customer_r, weight, doubt, value)
