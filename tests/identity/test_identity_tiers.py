"""Strict, standard and loose in one table: they nest, and strict ids name the customer they are part of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import duckdb
import pytest
from identity_people import record, run, shop, stores

ANNA = {"first_name": "anna", "last_name": "quarmby-thistlewood", "birth_date": "1983-04-17"}
PEOPLE = [
    *shop(120),
    # two that agree in everything, and a third that only shares a rare name and an address with them
    record("shopify_customers", "a1", **ANNA, email="anna.q@example.org", phone="+999111222333"),
    record("hubspot_contacts", "a2", **ANNA, email="anna.q@example.org"),
    record("shopify_orders", "a3", first_name="anna", last_name="quarmby-thistlewood", street="7 mill lane", city="ely"),
    record("square_customers", "a4", **ANNA, street="7 mill lane", city="ely", phone="+999111222333"),
]  # fmt: skip


@pytest.fixture(scope="module")
def resolved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with stores(tmp_path_factory.mktemp("tiers")) as connection:
        run(connection, PEOPLE, "first")
        yield connection


def test_every_group_lies_in_one_group_of_the_next_tier(resolved: duckdb.DuckDBPyConnection) -> None:
    for fine, coarse in (("strict_id", "customer_id"), ("customer_id", "loose_id")):
        assert not resolved.execute(
            f"select {fine} from identity.identity_clusters group by 1 having count(distinct {coarse}) > 1"
        ).fetchall()
    counts = resolved.execute(
        "select count(distinct strict_id), count(distinct customer_id), count(distinct loose_id) from identity.identity_clusters"
    ).fetchone()
    assert counts is not None and counts[0] > counts[1] >= counts[2]


def test_the_main_part_bears_the_customers_id_and_others_add_a_digest(
    resolved: duckdb.DuckDBPyConnection,
) -> None:
    parts = resolved.execute(
        "select customer_id, strict_id, count(*), min(record_id) from identity.identity_clusters group by all"
    ).fetchall()
    main = {customer: records for customer, strict, records, _ in parts if strict == customer}
    assert set(main) == {customer for customer, *_ in parts}
    for customer, strict, records, first in parts:
        if strict != customer:
            digest = hashlib.md5(first.encode()).hexdigest()[:8]
            assert strict == f"{customer}/{digest}" and records <= main[customer]


def test_a_loose_group_bears_the_id_of_its_oldest_customer(resolved: duckdb.DuckDBPyConnection) -> None:
    assert not resolved.execute(
        """
        select loose_id from identity.identity_clusters join state_store.identity.customers using (customer_id)
        group by 1 having arg_min(customer_id, created_order) <> loose_id
        """
    ).fetchall()
