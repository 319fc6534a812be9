"""Reads what earlier nights and people decided: which ids were given to whom, and which pairs are linked or kept apart.

Nothing is written to the state store from here; that is `ledger.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from identity.decisions import newest_verdicts
from identity.workspace import first_row


@dataclass(frozen=True)
class History:
    """What was decided before: see `assignment.assign` for the three mappings."""

    previous: dict[str, str]
    ages: dict[str, int]
    live: set[str]


@dataclass(frozen=True)
class Decisions:
    """Pairs of record ids that people decided about; the newest decision on a pair counts."""

    must_link: list[tuple[str, str]]
    cannot_link: list[tuple[str, str]]


def read_history(connection: duckdb.DuckDBPyConnection, state: str) -> History:
    """What was ever assigned to the customers that tonight's clusters and vanished records concern.

    Reads `present`, `present_rows` and `clusters`; creates `vanished(record_id)` and `concerned(customer_id)`. Nobody
    else's id can change: an id is claimed by the clusters that hold its records, and by nothing else.
    """
    assignments = f"{state}.identity.assignments"
    connection.execute(
        f"create or replace table vanished as select record_id from {assignments}"
        " where is_present and record_id not in (select record_id from present_rows)"
    )
    connection.execute(
        f"""
        create or replace table concerned as
        select distinct customer_id from {assignments} where record_id in (
            select record_id from present join clusters using (id) union all select record_id from vanished)
        """
    )
    previous = connection.execute(
        f"select record_id, customer_id from {assignments} semi join concerned using (customer_id)"
    ).fetchall()
    customers = connection.execute(
        f"select customer_id, created_order, status from {state}.identity.customers where customer_id in"
        f" (select customer_id from concerned union all select customer_id from ({_taken(connection, state)}))"
    ).fetchall()
    return History(
        dict(previous),
        {customer: order for customer, order, _ in customers},
        {customer for customer, _, status in customers if status == "live"},
    )


def untouched_clusters(connection: duckdb.DuckDBPyConnection, state: str) -> list[list[str]]:
    """Record ids per customer whose cluster is as it was, but whose id a cluster of tonight could claim as well."""
    rows = connection.execute(
        f"""
        select list(record_id) from {state}.identity.assignments semi join concerned using (customer_id)
        where is_present and record_id not in (
            select record_id from present join clusters using (id) union all select record_id from vanished)
        group by customer_id
        """
    ).fetchall()
    return [records for (records,) in rows]


def _taken(connection: duckdb.DuckDBPyConnection, state: str) -> str:
    """SQL for the ids that `assignment.fresh_id` could come upon for tonight's clusters and that are taken."""
    names = "select record_id from present join clusters using (id)"
    parts = []
    for counter in range(1_000_000):
        text = f"record_id || '#{counter}'" if counter else "record_id"
        tried = f"select customer_id from {state}.identity.customers where customer_id in"
        tried += f" (select 'c_' || left(sha256({text}), 16) from ({names}))"
        parts.append(tried)
        if first_row(connection, f"{tried} limit 1") is None:
            break
    return " union all ".join(parts)


def read_decisions(connection: duckdb.DuckDBPyConnection, state: str) -> Decisions:
    """Decided pairs, each as (smaller, larger) record id, sorted."""
    rows = connection.execute(
        "select record_id_l, record_id_r, decision"
        f" from ({newest_verdicts(f'{state}.identity.decisions')}) order by 1, 2"
    ).fetchall()
    return Decisions(
        [(left, right) for left, right, decision in rows if decision == "must_link"],
        [(left, right) for left, right, decision in rows if decision == "cannot_link"],
    )
