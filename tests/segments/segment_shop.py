"""A small warehouse with its state attached, and segments over it: what the tests of this room work on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb

from segments.contracts import Segment, SegmentContract
from segments.definitions import Definition, Model
from warehouse.connections import open_warehouse
from warehouse.settings import Settings

NOW = datetime(2026, 10, 31, 23, 59, 59)
TERMS = {
    "title": "Lapsed buyers",
    "owner": "marketing",
    "purpose": "marketing",
    "channel": "email",
    "size_band": [1, 1000],
    "largest_change": 0.2,
    "identity_confidence": "standard",
    "holdout_share": 0.0,
    "sources": ["shopify"],
}
CUSTOMERS = """
    create schema marts; create schema state; create schema identity; create schema intermediate; create schema segments;
    create table state.run_context as select timestamp '2026-10-31 23:59:59' as as_of;
    create table identity.identity_redirects (old_customer_id text, customer_id text);
    create table marts.customers (
        customer_id text, display_name text, email text, order_count integer, last_order_at timestamp,
        total_spend_amount decimal(18, 2), currency text, is_email_contactable boolean, is_ads_contactable boolean
    );
    create table intermediate.int_customer__identity_confidence (
        customer_id text, confidence double, doubtful_record_count bigint, is_strict boolean
    );
"""
LAPSED = """
with

customers as (

    select
        *,
        date_diff('day', last_order_at::timestamp, (select run_context.as_of from "warehouse"."state"."run_context" as run_context)::timestamp) as days_since_order
    from "warehouse"."marts"."customers"
    where order_count > {minimum}

),

members as (

    select
        customer_id,
        'Last bought ' || days_since_order || ' days ago.' as reason
    from customers
    where days_since_order between {after} and {until}

)

select * from members
"""


def contract(**terms: object) -> SegmentContract:
    return SegmentContract.model_validate({**TERMS, **terms})


def segment(name: str = "lapsed_buyers", built_from: tuple[str, ...] = (), **terms: object) -> Segment:
    found = contract(**terms)
    return Segment(name, f'"segments"."segment_{name}"', f"segment_{name}.sql", "", found, None, built_from)


def lapsed(
    label: str, after: int = 180, until: int = 730, minimum: int = 0, sql: str = LAPSED, **terms: object
) -> Definition:
    """A version of lapsed buyers, as dbt compiles it."""
    text = sql.format(after=after, until=until, minimum=minimum)
    name = "segment_lapsed_buyers"
    return Definition(
        "lapsed_buyers", label, contract(**terms), {name: Model(name, f'"segments"."{name}"', text)}
    )


@contextmanager
def warehouse(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse with the state attached, empty but for its tables."""
    settings = Settings(data_dir=folder)
    with open_warehouse(settings, with_state=True) as connection:
        connection.execute(CUSTOMERS)
        yield connection


def add_customers(
    connection: duckdb.DuckDBPyConnection, rows: list[tuple[str, int, int]], spend: int = 10
) -> None:
    """Customers as (id, orders, days since the last one); every one is beyond doubt one person."""
    for customer_id, orders, days in rows:
        connection.execute(
            "insert into marts.customers select ?, upper(?), ? || '@example.com', ?, "
            "case when ? > 0 then timestamp '2026-10-31 12:00:00' - to_days(?) end, ?, 'GBP', ? % 2 = 0, false",
            [customer_id, customer_id, customer_id, orders, orders, days, orders * spend, days],
        )
        connection.execute(
            "insert into intermediate.int_customer__identity_confidence values (?, 1, 0, true)", [customer_id]
        )


def fill(connection: duckdb.DuckDBPyConnection, name: str, members: dict[str, str]) -> None:
    """The table that dbt built for a segment: customer → reason."""
    connection.execute(f"create or replace table segments.segment_{name} (customer_id text, reason text)")
    for row in members.items():
        connection.execute(f"insert into segments.segment_{name} values (?, ?)", list(row))
