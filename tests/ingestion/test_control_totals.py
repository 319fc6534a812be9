"""Control totals against sums done by hand: currencies, newer versions, refunds, rejected rows, lines of one sale."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from ingestion.control_totals import compute
from ingestion.declarations import Source
from tests.ingestion.conftest import LOADED_AT, Ground, make_source

ORDERS = {
    "name": "orders",
    "description": "One row per line; what belongs to the order stands on its first row.",
    "files": ["orders*"],
    "keys": ["Name"],
    "lines": True,
    "required": ["Name", "Total"],
    "columns": ["Name", "Id", "Currency", {"name": "Total", "type": "money"}, "Refunded", "Status"],
}
REVENUE = {
    "measure": "revenue",
    "sum": "Total",
    "minus": "Refunded",
    "currency": "Currency",
}
Figure = tuple[object, ...]


def totals(ground: Ground, source: Source | None = None) -> list[Figure]:
    ground.load()
    compute(ground.connection, [source or ground.source], LOADED_AT)
    return ground.ask("select measure, currency, total, rows, is_stated from raw.control_totals order by all")


def test_sums_are_kept_apart_by_currency_and_less_what_was_given_back(ground):
    ground.declare(**ORDERS, control_totals=[REVENUE])
    ground.deliver(
        "orders.csv",
        "Name,Id,Currency,Total,Refunded,Status\n"
        '#1,1,GBP,"£1,200.50",0.50,paid\n'
        "#1,,,,,\n"
        "#2,2,eur,20.00,,paid\n"
        "#3,3,,(5.00),,refund\n",
    )
    assert totals(ground) == [
        ("revenue", "EUR", Decimal(20), 1, False),
        ("revenue", "GBP", Decimal(1200), 1, False),
        ("revenue", None, Decimal(-5), 1, False),
    ]


def test_a_source_may_say_the_currency_and_the_decimal_sign(ground):
    ground.declare(
        **ORDERS | {"columns": ["Name", "Total"]},
        csv={"delimiter": ";", "decimal": ","},
        control_totals=[{"measure": "revenue", "sum": "Total"}],
    )
    source = ground.source.model_copy(update={"currency": "PLN"})
    ground.deliver("orders.csv", "Name;Total\n#1;1.200,50\n#2;0,25\n#3;1.000\n#4;2.5\n")
    assert totals(ground, source) == [("revenue", "PLN", Decimal("2203.25"), 4, False)]


def test_of_an_order_the_lines_of_its_newest_delivery_count(ground):
    ground.declare(**ORDERS, control_totals=[REVENUE | {"minus": None, "currency": None}])
    header = "Name,Id,Currency,Total,Refunded,Status\n"
    ground.deliver("orders_1.csv", header + "#1,1,GBP,10.00,,paid\n#1,,,7.00,,\n#2,2,GBP,5.00,,paid\n")
    ground.load()
    ground.deliver("orders_2.csv", header + "#1,1,GBP,8.00,,paid\n#1,,,2.00,,\n")
    assert totals(ground) == [("revenue", None, Decimal(15), 3, False)]


def test_of_a_key_the_newest_row_counts_and_a_row_without_key_is_not_lost(ground):
    ground.declare(
        keys=["Id"],
        columns=["Id", "Name", {"name": "Spent", "type": "decimal"}],
        control_totals=[
            {"measure": "customers", "count": "Id"},
            {"measure": "revenue", "sum": "Spent", "stated": True},
        ],
    )
    ground.deliver("people_1.csv", "Id,Name,Spent\n'1,Anna,10\n'2,Ben,20\n,Nobody,1\n")
    ground.load()
    ground.deliver("people_2.csv", "Id,Name,Spent\n'1,Anna,15\n'1,Anna,16\n")
    assert totals(ground) == [
        ("customers", None, Decimal(2), 2, False),
        ("revenue", None, Decimal(37), 3, True),
    ]


def test_only_rows_with_the_values_asked_for_count(ground):
    ground.declare(
        **ORDERS,
        control_totals=[{"measure": "orders", "count": "Id", "where": {"Status": ["paid", "it's open"]}}],
    )
    ground.deliver(
        "orders.csv",
        "Name,Id,Currency,Total,Refunded,Status\n#1,1,GBP,1,,paid\n#2,2,GBP,1,,it's open\n#3,3,GBP,1,,void\n",
    )
    assert totals(ground) == [("orders", None, Decimal(2), 2, False)]


def test_rejected_rows_are_in_no_total_and_are_counted_beside_it(ground):
    ground.declare(**ORDERS, control_totals=[{"measure": "revenue", "sum": "Total"}])
    ground.deliver(
        "orders.csv", "Name,Id,Currency,Total,Refunded,Status\n#1,1,GBP,10,,\n#2,2,GBP,ten,,\n#3,3\n"
    )
    assert totals(ground) == [("revenue", None, Decimal(10), 1, False)]
    assert ground.ask("select rows_rejected, computed_at from raw.control_totals") == [(2, LOADED_AT)]


def test_nothing_delivered_gives_no_total_and_computing_again_replaces(ground):
    ground.declare(**ORDERS, control_totals=[{"measure": "orders", "count": "Id"}])
    assert totals(ground) == []
    ground.deliver("orders.csv", "Name,Id,Currency,Total,Refunded,Status\n#1,1,GBP,10,,\n")
    assert totals(ground) == [("orders", None, Decimal(1), 1, False)]
    compute(ground.connection, [ground.source], datetime(2026, 11, 1))
    assert ground.ask("select count(*), max(computed_at) from raw.control_totals") == [
        (1, datetime(2026, 11, 1))
    ]


@pytest.mark.parametrize(
    "total",
    [
        {"measure": "revenue", "sum": "Total", "plus": "Tax"},
        {"measure": "revenue", "sum": "Total", "currency": "Curency"},
        {"measure": "revenue", "sum": "Total", "minus": "Refund"},
        {"measure": "revenue"},
    ],
)
def test_a_total_names_columns_that_are_declared(total):
    sound = {"measure": "orders", "count": "Id"}
    with pytest.raises(ValidationError):
        make_source(**ORDERS, control_totals=[total, sound])


def test_a_file_that_comes_late_is_still_old(ground):
    ground.declare(**ORDERS, control_totals=[REVENUE | {"minus": None, "currency": None}])
    header = "Name,Id,Currency,Total,Refunded,Status\n"
    ground.deliver("orders_2026-10-02.csv", header + "#1,1,GBP,8.00,,paid\n")
    ground.load()
    ground.deliver("orders_2026-10-01.csv", header + "#1,1,GBP,10.00,,paid\n#2,2,GBP,1.00,,paid\n")
    assert totals(ground) == [("revenue", None, Decimal(9), 2, False)]


def test_the_cursor_decides_before_the_delivery(ground):
    ground.declare(
        load="upsert",
        keys=["Id"],
        cursor="Changed",
        columns=[
            "Id",
            "Name",
            {"name": "Spent", "type": "decimal"},
            {"name": "Changed", "type": "timestamp"},
        ],
        control_totals=[{"measure": "revenue", "sum": "Spent"}],
    )
    ground.deliver("people_1.csv", "Id,Name,Spent,Changed\n1,Anna,10,2026-10-02 10:00:00\n2,Ben,5,\n")
    ground.load()
    ground.deliver(
        "people_2.csv", "Id,Name,Spent,Changed\n1,Anna,99,2026-10-01 10:00:00\n2,Ben,7,2026-01-01\n"
    )
    assert totals(ground) == [("revenue", None, Decimal(17), 2, False)]


def test_keys_that_vanished_from_a_whole_delivery_no_longer_count(ground):
    ground.declare(
        load="replace",
        keys=["Id", "Name"],
        columns=["Id", "Name", {"name": "Spent", "type": "decimal"}],
        control_totals=[{"measure": "revenue", "sum": "Spent"}],
    )
    ground.deliver("people_2026-10-01.csv", "Id,Name,Spent\n1,A|b,10\n2,Ben,20\n3,Cleo,40\n")
    assert totals(ground) == [("revenue", None, Decimal(70), 3, False)]
    ground.deliver("people_2026-10-02.csv", "Id,Name,Spent\n2,Ben,20\n3,Cleo,41\n")
    assert totals(ground) == [("revenue", None, Decimal(61), 2, False)]


def test_a_sum_below_the_data_is_no_record(ground):
    ground.declare(
        columns=["Id", "Name", {"name": "Spent", "type": "decimal"}],
        leave_out={"Name": ["Total"]},
        control_totals=[{"measure": "revenue", "sum": "Spent"}],
    )
    ground.deliver("people.csv", "Id,Name,Spent\n1,Anna,10\n2,,20\n,Total,30\n")
    assert totals(ground) == [("revenue", None, Decimal(30), 2, False)]
