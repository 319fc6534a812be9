"""Why records are one customer, as data and as text: the records, the edges with weights per field, the history.

Reads the warehouse's identity tables only; it decides and changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from identity.errors import CustomerUnknown
from identity.workspace import first_row

_RECORD_COLUMNS = (
    "record_id, source, display_name, first_name, last_name, email, phone, street, city, postcode, birth_date,"
    " loyalty_id, web_user_id"
)
EDGES_SHOWN = 12


@dataclass(frozen=True)
class Edge:
    """A pair of records of one customer; `fields` holds (field, level, weight in bits), which add up to `weight`."""

    record_id_l: str
    record_id_r: str
    weight: float
    rule: str
    fields: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True)
class HistoryEntry:
    """One ledger row about this customer or an id that was merged into it."""

    occurred_at: datetime
    action: str
    customer_id: str
    reason: str
    evidence: dict[str, object]


@dataclass(frozen=True)
class Explanation:
    """Everything known about why this customer is one person.

    `path` is the strongest chain of edges that holds the records together (a maximum spanning tree), strongest
    first; its last one is `weakest_bridge`: without it the customer would fall apart. None for a single record.
    """

    customer_id: str
    asked: str
    redirected_from: str | None
    confidence: float
    records: list[dict[str, object]]
    edges: list[Edge]
    path: list[Edge]
    weakest_bridge: Edge | None
    history: list[HistoryEntry]
    other_customers: list[str] = field(default_factory=list)


def explain(connection: duckdb.DuckDBPyConnection, subject: str) -> Explanation:
    """Explain the customer with this customer id (old ones too), record id or email.

    When several customers use the email, the one with most records is explained and the others are named. Raises
    CustomerUnknown, also for a retired id, whose story it then tells.
    """
    found = _find(connection, subject)
    customer = found[0]
    records = _rows(
        connection,
        f"select {_RECORD_COLUMNS}, c.confidence, c.strict_id from intermediate.int_identity__records"
        " join identity.identity_clusters c using (record_id) where c.customer_id = ? order by record_id",
        customer,
    )
    edges = _edges(connection, customer)
    path = _spanning_tree(edges)
    return Explanation(
        customer_id=customer,
        asked=subject,
        redirected_from=subject if _is_redirect(connection, subject) else None,
        confidence=min((float(str(record["confidence"])) for record in records), default=1.0),
        records=records,
        edges=edges,
        path=path,
        weakest_bridge=path[-1] if path else None,
        history=_history(connection, customer),
        other_customers=found[1:],
    )


def render_text(explanation: Explanation) -> str:
    """The explanation as lines for a terminal."""
    lines = [_headline(explanation), ""]
    lines += [_record_line(record) for record in explanation.records]
    if explanation.path:
        lines += [
            "",
            "Why they are one person (the strongest links that hold them together; weights in bits):",
        ]
        for edge in explanation.path[:EDGES_SHOWN]:
            lines += _edge_lines(edge)
        if len(explanation.path) > EDGES_SHOWN:
            lines.append(f"  … and {len(explanation.path) - EDGES_SHOWN} more")
    bridge = explanation.weakest_bridge
    if bridge:
        lines += [
            "",
            f"Weakest bridge: {bridge.record_id_l} – {bridge.record_id_r}, weight {bridge.weight:+.1f}",
        ]
    if explanation.other_customers:
        lines += ["", f"Also found under {explanation.asked}: {', '.join(explanation.other_customers)}"]
    lines += ["", "History:"]
    lines += [
        f"  {entry.occurred_at:%Y-%m-%d %H:%M}  {entry.action:<8} {entry.customer_id}  {entry.reason}"
        for entry in explanation.history
    ]
    return "\n".join(lines)


def _headline(explanation: Explanation) -> str:
    count = len(explanation.records)
    sources = len({record["source"] for record in explanation.records})
    text = (
        f"Customer {explanation.customer_id}: {count} record{'s' if count != 1 else ''} from {sources}"
        f" source{'s' if sources != 1 else ''}, confidence {explanation.confidence:.2f}"
    )
    if explanation.redirected_from:
        text += f" (was {explanation.redirected_from})"
    return text


def _record_line(record: dict[str, object]) -> str:
    name = record["display_name"] or " ".join(
        str(record[key]) for key in ("first_name", "last_name") if record[key]
    )
    details = [
        str(record[key])
        for key in ("email", "phone", "street", "postcode", "city", "birth_date")
        if record[key]
    ]
    details += [f"{key} {record[key]}" for key in ("loyalty_id", "web_user_id") if record[key]]
    return f"  {record['record_id']:<40} {name or '(no name)'}" + (
        f" · {' · '.join(details)}" if details else ""
    )


def _edge_lines(edge: Edge) -> list[str]:
    because = "" if edge.rule == "model" else f" by rule {edge.rule}"
    lines = [f"  {edge.record_id_l} – {edge.record_id_r}: weight {edge.weight:+.1f}{because}"]
    lines += [f"      {weight:+6.1f}  {name}: {level}" for name, level, weight in edge.fields]
    return lines


def _find(connection: duckdb.DuckDBPyConnection, subject: str) -> list[str]:
    """Customer ids the subject may mean, best first."""
    rows = connection.execute(
        """
        select c.customer_id, max(c.cluster_size) as size
        from identity.identity_clusters c
        left join intermediate.int_identity__records r using (record_id)
        where c.customer_id = $subject or c.record_id = $subject or r.email = lower($subject)
            or c.customer_id in (select customer_id from identity.identity_redirects where old_customer_id = $subject)
        group by 1 order by size desc, 1
        """,
        {"subject": subject.strip()},
    ).fetchall()
    if not rows:
        raise CustomerUnknown(_unknown(connection, subject))
    return [customer for customer, _ in rows]


def _unknown(connection: duckdb.DuckDBPyConnection, subject: str) -> str:
    story = _history(connection, subject)
    if story:
        last = story[-1]
        return (
            f"{subject} is no customer any more: {last.action} on {last.occurred_at:%Y-%m-%d}. {last.reason}"
        )
    return (
        f"Nothing is known under {subject!r}: no customer id (old or new), record id (source:key) or email in the "
        "identity tables. Check the spelling, or run `cdp run` if the record is new."
    )


def _is_redirect(connection: duckdb.DuckDBPyConnection, subject: str) -> bool:
    query = "select 1 from identity.identity_redirects where old_customer_id = ?"
    return first_row(connection, query, [subject.strip()]) is not None


def _edges(connection: duckdb.DuckDBPyConnection, customer: str) -> list[Edge]:
    """All pairs of the customer's records, strongest first."""
    fields: dict[tuple[str, str], list[tuple[str, str, float]]] = {}
    rows = connection.execute(
        """
        select e.record_id_l, e.record_id_r, e.match_weight, e.rule, v.field, v.level, v.match_weight
        from identity.identity_clusters c
        join identity.identity_edges e on e.record_id_l = c.record_id and e.is_within_customer
        join identity.identity_evidence v on v.record_id_l = e.record_id_l and v.record_id_r = e.record_id_r
        where c.customer_id = ? order by e.match_weight desc, 1, 2, v.rowid
        """,
        [customer],
    ).fetchall()
    heads: dict[tuple[str, str], tuple[float, str]] = {}
    for left, right, weight, rule, name, level, part in rows:
        heads[left, right] = (weight, rule)
        fields.setdefault((left, right), []).append((name, level, part))
    return [
        Edge(left, right, weight, rule, tuple(fields[left, right]))
        for (left, right), (weight, rule) in heads.items()
    ]


def _spanning_tree(edges: list[Edge]) -> list[Edge]:
    """Kruskal's algorithm over edges that come strongest first."""
    group: dict[str, str] = {}

    def root(record: str) -> str:
        while group.setdefault(record, record) != record:
            record = group[record]
        return record

    tree = []
    for edge in edges:
        left, right = root(edge.record_id_l), root(edge.record_id_r)
        if left != right:
            group[right] = left
            tree.append(edge)
    return tree


def _history(connection: duckdb.DuckDBPyConnection, customer: str) -> list[HistoryEntry]:
    rows = connection.execute(
        """
        select occurred_at, action, customer_id, reason, evidence
        from identity.identity_ledger
        where customer_id = $customer or related_customer_id = $customer or customer_id in (
            select old_customer_id from identity.identity_redirects where customer_id = $customer)
        order by ledger_id
        """,
        {"customer": customer},
    ).fetchall()
    return [
        HistoryEntry(at, action, who, why, json.loads(evidence or "{}"))
        for at, action, who, why, evidence in rows
    ]


def _rows(connection: duckdb.DuckDBPyConnection, query: str, customer: str) -> list[dict[str, object]]:
    cursor = connection.execute(query, [customer])
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
