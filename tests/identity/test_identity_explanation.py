"""What is said about a customer, by any of its names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from identity_people import customers, record, run, stores

from identity import explain, render_text
from identity.errors import CustomerUnknown

ANNA = {"first_name": "anna", "last_name": "kettering"}
LEFT = record("shopify_customers", "1", **ANNA, email="anna.k@example.com", display_name="Anna Kettering")
RIGHT = record("square_customers", "2", **ANNA, phone="+447700911111")
BRIDGE = record("hubspot_contacts", "3", **ANNA, email="anna.k@example.com", phone="+447700911111")


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with stores(Path(tmp_path_factory.mktemp("explained"))) as opened:
        run(opened, [LEFT, RIGHT], "r1")
        run(opened, [LEFT, RIGHT, BRIDGE], "r2")
        yield opened


@pytest.mark.parametrize("subject", ["shopify_customers:1", "Anna.K@example.com ", "square_customers:2"])
def test_a_customer_is_found_by_record_and_email(subject: str, connection: duckdb.DuckDBPyConnection) -> None:
    explanation = explain(connection, subject)
    assert explanation.customer_id == customers(connection)["hubspot_contacts:3"]
    assert [entry["record_id"] for entry in explanation.records] == [
        "hubspot_contacts:3", "shopify_customers:1", "square_customers:2",
    ]  # fmt: skip


def test_an_old_id_leads_to_the_living_one(connection: duckdb.DuckDBPyConnection) -> None:
    ((old,),) = connection.execute("select old_customer_id from identity.identity_redirects").fetchall()
    explanation = explain(connection, old)
    assert explanation.redirected_from == old
    assert explanation.customer_id != old
    assert [entry.action for entry in explanation.history] == ["created", "created", "merged"]


def test_the_path_holds_the_records_together(connection: duckdb.DuckDBPyConnection) -> None:
    explanation = explain(connection, "hubspot_contacts:3")
    assert len(explanation.path) == 2
    assert all("hubspot_contacts:3" in (edge.record_id_l, edge.record_id_r) for edge in explanation.path)
    assert explanation.weakest_bridge == explanation.path[-1]
    for edge in explanation.edges:
        assert sum(weight for _, _, weight in edge.fields) == pytest.approx(edge.weight, abs=0.01)


def test_the_text_says_what_a_person_asks(connection: duckdb.DuckDBPyConnection) -> None:
    text = render_text(explain(connection, "anna.k@example.com"))
    for part in ("3 records from 3 sources", "Anna Kettering", "email: same", "Weakest bridge: ", "merged"):
        assert part in text


def test_an_unknown_name_says_where_was_looked(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(CustomerUnknown, match="no customer id"):
        explain(connection, "nobody@example.com")
