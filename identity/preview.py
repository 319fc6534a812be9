"""What other limits, fewer rules or a model learnt anew would change before anything changes: customers, segments, headline figures.

Resolves the published records in a scratch copy of the stores and compares; nothing is written anywhere else.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import duckdb

from identity.errors import PreviewImpossible
from identity.matching import Limits
from identity.records import RECORDS
from identity.report import IdentityReport
from identity.resolver import resolve
from identity.trials import trial
from identity.workspace import first_row
from warehouse.progress import Progress, silent

EXAMPLES = 10
READS = (
    ("intermediate", "int_identity__records"),
    ("identity", "identity_clusters"),
    ("identity", "identity_runs"),
    ("marts", "orders"),
    ("segments", "segment_membership"),
)


@dataclass(frozen=True)
class Change:
    """One customer that would come of several, or fall apart: the ids and names concerned, and what they spent."""

    customer_ids: list[str]
    names: list[str]
    records: int
    spent: float


@dataclass(frozen=True)
class SegmentShift:
    """One segment: members now; members whose id would be gone; ids that would inherit a member's records.

    Who fulfils the segment's own rule with records added or taken away is known only after a run.
    """

    segment_name: str
    members: int
    leaving: int
    joining: int


@dataclass(frozen=True)
class Headline:
    """One figure now and then; None where there is nothing to divide by."""

    title: str
    now: float | None
    then: float | None


@dataclass(frozen=True)
class Preview:
    """What would happen. `merged` counts customers that come of several, `split` those that fall apart."""

    report: IdentityReport
    merged: int
    split: int
    merge_examples: list[Change]
    split_examples: list[Change]
    segments: list[SegmentShift]
    headlines: list[Headline]


def preview(
    connection: duckdb.DuckDBPyConnection,
    *,
    limits: Limits,
    as_of: datetime,
    without: Collection[str] = (),
    retrain: bool = False,
    published: str = "published",
    state: str = "state_store",
    progress: Progress = silent,
) -> Preview:
    """Resolve the published records with `limits`, leaving out the pair rules named in `without`, and compare with the customers of the published run.

    `connection` is a scratch warehouse with a copy of the state as `state`, both free to be written, and the
    published run attached as `published`. Decisions made since that run take effect too. Raises PreviewImpossible.
    """
    _check(connection, published)
    connection.execute("create schema if not exists intermediate")
    connection.execute(f"create or replace table {RECORDS} as from {published}.{RECORDS}")
    with trial(limits, without):
        report = resolve(
            connection,
            run_id="preview",
            as_of=as_of,
            state=state,
            progress=progress,
            retrain=retrain,
            full=True,
        )
    _line_up(connection, published)
    merged, merge_examples = _changes(connection, "customer_then", "customer_now")
    split, split_examples = _changes(connection, "customer_now", "customer_then")
    return Preview(
        report,
        merged,
        split,
        merge_examples,
        split_examples,
        _segments(connection, published),
        _headlines(connection, published),
    )


def _check(connection: duckdb.DuckDBPyConnection, published: str) -> None:
    found = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ?", [published]
    ).fetchall()
    lacking = sorted(f"{schema}.{table}" for schema, table in set(READS) - set(found))
    if lacking:
        raise PreviewImpossible(
            f"The published run lacks {', '.join(lacking)}, which a preview compares with. Finish a `cdp run` first."
        )


def _line_up(connection: duckdb.DuckDBPyConnection, published: str) -> None:
    """Create `lined_up`, one row per record: its customer now and then, its name, and what was spent under it."""
    connection.execute(
        f"""
        create or replace temp table lined_up as
        with spent as (
            select record_id, sum(net_revenue_amount)::double as spent from {published}.marts.orders
            where is_purchase group by 1
        )
        select record_id, b.customer_id as customer_now, a.customer_id as customer_then, r.display_name,
            coalesce(s.spent, 0) as spent
        from {published}.identity.identity_clusters b join identity.identity_clusters a using (record_id)
        join {RECORDS} r using (record_id) left join spent s using (record_id)
        """
    )


def _changes(connection: duckdb.DuckDBPyConnection, whole: str, part: str) -> tuple[int, list[Change]]:
    """How many customers of column `whole` hold several of column `part`, and those that spent most."""
    rows = connection.execute(
        f"""
        with parts as (
            select {whole} as whole, {part} as part, max(display_name) as name, count(*) as records, sum(spent) as spent
            from lined_up group by all
        )
        select count(*) over (), list(part order by records desc, name, part),
            list(coalesce(name, 'without a name') order by records desc, name, part), sum(records), sum(spent)
        from parts group by whole having count(*) > 1
        order by sum(spent) desc, sum(records) desc, min(name), whole limit {EXAMPLES}
        """
    ).fetchall()
    examples = [Change(ids, names, int(records), float(spent)) for _, ids, names, records, spent in rows]
    return (int(rows[0][0]) if rows else 0), examples


def _segments(connection: duckdb.DuckDBPyConnection, published: str) -> list[SegmentShift]:
    rows = connection.execute(
        f"""
        with members as (
            select distinct segment_name, customer_id from {published}.segments.segment_membership
        ),
        heirs as (
            select distinct segment_name, customer_then as customer_id
            from members join lined_up on lined_up.customer_now = members.customer_id
        ),
        counted as (
            select segment_name, 1 as members, 0 as joining,
                (customer_id not in (select customer_then from lined_up))::integer as leaving from members
            union all
            select segment_name, 0, 1, 0 from heirs anti join members using (segment_name, customer_id)
        )
        select segment_name, sum(members), sum(leaving), sum(joining) from counted group by 1 order by 1
        """
    ).fetchall()
    return [
        SegmentShift(name, int(members), int(leaving), int(joining))
        for name, members, leaving, joining in rows
    ]


def _headlines(connection: duckdb.DuckDBPyConnection, published: str) -> list[Headline]:
    row = first_row(
        connection,
        f"select as_of::date from {published}.identity.identity_runs order by run_number desc limit 1",
    )
    today = row[0] if row else None
    now, then = (
        _measure(connection, published, column, today) for column in ("customer_now", "customer_then")
    )
    return [
        Headline(title, *(None if side is None else float(side) for side in sides))
        for title, *sides in zip(TITLES, now, then, strict=True)
    ]


TITLES = (
    "Customers",
    "Customers who ever bought",
    "Share of them who bought twice or more",
    "Spent per buying customer",
    "Buying customers, last 30 days",
    "Repeat rate, last 30 days",
    "Average order value, last 30 days",
)


def _measure(
    connection: duckdb.DuckDBPyConnection, published: str, column: str, today: object
) -> tuple[float | None, ...]:
    """The figures of TITLES; repeat rate and average order value are those of `metric_definitions`."""
    (row,) = connection.execute(
        f"""
        with purchases as (
            select o.order_id, o.ordered_at, o.net_revenue_amount::double as amount, l.{column} as customer_id,
                o.order_date > $today::date - 30 as is_recent
            from {published}.marts.orders o left join lined_up l using (record_id) where o.is_purchase
        ),
        numbered as (
            select *, row_number() over (partition by customer_id order by ordered_at, order_id) as number
            from purchases where customer_id is not null
        ),
        buyers as (
            select customer_id, count(*) as orders, sum(amount) as spent, bool_or(is_recent) as is_recent,
                bool_or(is_recent and number > 1) as is_returning
            from numbered group by 1
        )
        select (select count(distinct {column}) from lined_up), count(*), avg((orders > 1)::integer), avg(spent),
            count(*) filter (is_recent), avg(is_returning::integer) filter (is_recent),
            (select avg(amount) from purchases where is_recent)
        from buyers
        """,
        {"today": today},
    ).fetchall()
    return row
