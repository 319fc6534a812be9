"""One difference per class, planted in a shop of ten orders: each is found, with its amount, and told for what it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import duckdb
import pytest

MODELS = (
    "int_reconciliation__our_totals",
    "int_reconciliation__buyers",
    "int_reconciliation__stated_differences",
    "int_reconciliation__explanations",
    "reconciliation",
)
COMPILE = """
import json, sys
from orchestration import dbt_process
json.dump({key.split(".")[-1]: sql for key, sql in dbt_process.compiled_sql().items()}, open(sys.argv[1], "w"))
"""
# ten people with an account each, who bought once for 10.00; the shop's files and its accounts say the same
SHOP = """
    create schema raw; create schema state; create schema identity; create schema intermediate; create schema marts;
    create schema metrics;
    create table marts.orders as select 'o' || n as order_id, 'shop' as source, 'c' || n as customer_id, 'GBP' as currency,
        true as is_purchase, false as is_cancelled, 10::decimal(18, 2) as total_amount, 0::decimal(18, 2) as refunded_amount,
        10::decimal(18, 2) as net_revenue_amount from range(10) as t(n);
    create table marts.order_items as select order_id, is_purchase, 1::decimal(18, 3) as quantity from marts.orders;
    create table intermediate.int_identity__records as
        select 'shop_customers:' || n as record_id, 'shop_customers' as source from range(10) as t(n);
    create table identity.identity_clusters as
        select 'shop_customers:' || n as record_id, 'c' || n as customer_id from range(10) as t(n);
    create table intermediate.int_reconciliation__stated_accounts as select 'shop' as source,
        'shop_customers:' || n as record_id, 1 as stated_orders, 10::decimal(18, 2) as stated_amount from range(10) as t(n);
    create table marts.support_tickets (ticket_id text);
    create table marts.events (event_id text);
    create table marts.ad_spend (platform text, currency text, spend_amount decimal(18, 2));
    create table raw.control_totals (source text, table_name text, measure text, currency text, total decimal(28, 4),
        rows_rejected bigint, is_stated boolean);
    insert into raw.control_totals values
        ('shop', 'customers', 'customers', null, 10, 0, false), ('shop', 'orders', 'orders', null, 10, 0, false),
        ('shop', 'orders', 'revenue', 'GBP', 100, 0, false),
        ('shop', 'customers', 'orders', null, 10, 0, true), ('shop', 'customers', 'revenue', 'GBP', 100, 0, true);
"""
LOST = "delete from marts.orders where order_id = 'o0';"
DELIVERED = "update raw.control_totals set total = {} where measure = '{}' and not is_stated;"
# what is planted → the rows that are no longer equal: (measure, compared with, currency) → (difference, class, unexplained)
PLANTED = {
    "nothing": ("", {}),
    "an order that we lost": (LOST, {
        ("orders", "delivered", None): (-1, "unexplained", -1), ("revenue", "delivered", "GBP"): (-10, "unexplained", -10),
        ("orders", "stated", None): (-1, "unexplained", -1), ("revenue", "stated", "GBP"): (-10, "unexplained", -10),
    }),
    "an order that we have twice": ("insert into marts.orders select * replace ('again' as order_id) from marts.orders limit 1;", {
        ("orders", "delivered", None): (1, "unexplained", 1), ("revenue", "delivered", "GBP"): (10, "unexplained", 10),
        ("orders", "stated", None): (1, "guest orders", 0), ("revenue", "stated", "GBP"): (10, "guest orders", 0),
    }),
    "an amount that became another": (
        "update marts.orders set total_amount = 7, net_revenue_amount = 7 where order_id = 'o0';", {
        ("revenue", "delivered", "GBP"): (-3, "unexplained", -3), ("revenue", "stated", "GBP"): (-3, "unexplained", -3),
    }),
    "a cancelled order": (
        "update marts.orders set is_purchase = false, is_cancelled = true, net_revenue_amount = 0 where order_id = 'o0';", {
        ("orders", "delivered", None): (-1, "cancelled or refunded", 0),
        ("revenue", "delivered", "GBP"): (-10, "cancelled or refunded", 0),
        ("orders", "stated", None): (-1, "cancelled or refunded", 0),
        ("revenue", "stated", "GBP"): (-10, "cancelled or refunded", 0),
    }),
    "a refund that the account does not know": (
        "update marts.orders set refunded_amount = 4, net_revenue_amount = 6 where order_id = 'o0';"
        + DELIVERED.format(96, "revenue"), {
        ("revenue", "stated", "GBP"): (-4, "cancelled or refunded", 0),
    }),
    "an order in another currency": (
        "update marts.orders set currency = 'EUR' where order_id = 'o0';" + DELIVERED.format(90, "revenue")
        + "insert into raw.control_totals values ('shop', 'orders', 'revenue', 'EUR', 10, 0, false);", {
        ("revenue", "stated", "GBP"): (-10, "currency", 0),
    }),
    "an order that we took for one in another currency": ("update marts.orders set currency = 'EUR' where order_id = 'o0';", {
        ("revenue", "delivered", "GBP"): (-10, "unexplained", -10), ("revenue", "stated", "GBP"): (-10, "currency", 0),
    }),
    "a rejected row": (
        LOST + DELIVERED.format(9, "orders") + DELIVERED.format(90, "revenue")
        + "update raw.control_totals set rows_rejected = 1 where table_name = 'orders';", {
        ("orders", "stated", None): (-1, "rejected rows", 0), ("revenue", "stated", "GBP"): (-10, "rejected rows", 0),
    }),
    "two records of one person": (
        "update identity.identity_clusters set customer_id = 'c0' where customer_id = 'c1';"
        "update marts.orders set customer_id = 'c0' where customer_id = 'c1';", {
        ("customers", "delivered", None): (-1, "duplicates united", 0),
    }),
    "a guest's order": (
        "insert into marts.orders select * replace ('guest' as order_id, null as customer_id) from marts.orders limit 1;"
        + DELIVERED.format(11, "orders") + DELIVERED.format(110, "revenue"), {
        ("orders", "stated", None): (1, "guest orders", 0), ("revenue", "stated", "GBP"): (10, "guest orders", 0),
    }),
    "a source that no model takes further": (
        "insert into raw.control_totals values ('other', 'orders', 'orders', null, 7, 0, false);", {
        ("orders", "delivered", None): (-7, "not in the marts", -7),
    }),
}  # fmt: skip


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> dict[str, str]:
    """Model → its SQL, as dbt compiles it, in a process of its own."""
    folder = tmp_path_factory.mktemp("compiled")
    environment = {
        "CDP_DATA_DIR": str(folder),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DAGSTER_HOME": str(folder),
    }
    subprocess.run(
        [sys.executable, "-c", COMPILE, str(folder / "sql.json")],
        env={**os.environ, **environment},
        check=True,
    )
    found: dict[str, str] = json.loads((folder / "sql.json").read_bytes())
    return found


@pytest.fixture
def shop(compiled, tmp_path):
    """The ten orders; `reconcile` builds the models on them and returns the rows of the last."""
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute(SHOP)

        def reconcile() -> list[tuple]:
            for model in MODELS:
                schema = "metrics" if model == "reconciliation" else "intermediate"
                connection.execute(f"create table {schema}.{model} as {compiled[model]}")
            return connection.execute(
                "select measure, compared_with, currency, difference::double, class, unexplained_difference::double,"
                " not_attributed::double from metrics.reconciliation"
            ).fetchall()

        yield connection, reconcile


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_difference_is_found_with_its_amount_and_told_for_what_it_is(shop, planted):
    connection, reconcile = shop
    sql, expected = PLANTED[planted]
    connection.execute(sql) if sql else None
    rows = reconcile()
    assert len(rows) >= 5
    assert {row[:3]: (row[3], row[4], row[5]) for row in rows if row[4] != "equal"} == expected
    assert all(row[3] == row[5] == 0 for row in rows if row[4] == "equal")


def test_an_order_that_identity_did_not_join_is_no_difference_but_is_told(shop):
    connection, reconcile = shop
    connection.execute("update marts.orders set customer_id = null where order_id = 'o0'")
    rows = reconcile()
    assert {row[4] for row in rows} == {"equal"}
    assert {row[:2]: row[6] for row in rows if row[6]} == {("orders", "stated"): 1, ("revenue", "stated"): 10}
