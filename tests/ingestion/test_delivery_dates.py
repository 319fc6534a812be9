"""The date a delivery carries in its name or in its folders."""

from __future__ import annotations

from datetime import datetime

import pytest

from ingestion.delivery_dates import date_in_name


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("shop/customers_2026-10-31.csv", "2026-10-31"),
        ("shop/customers_20261031.csv", "2026-10-31"),
        ("shop/customers 2026.10.31 23.59.58.xlsx", "2026-10-31 23:59:58"),
        ("shop/e_20261031T235958Z.jsonl", "2026-10-31 23:59:58"),
        ("shop/orders/2026-10-31T10-11-12.123456Z_000001.jsonl", "2026-10-31 10:11:12"),
        ("shop/e_20261031_235958.csv", "2026-10-31 23:59:58"),
        ("shop/e_2026-10-31T14:30.csv", "2026-10-31 14:30"),
        ("shop/e_2026-10-31_02.csv", "2026-10-31"),  # the second part, not two o'clock
        ("shop/e_2026-10-31 (1).csv", "2026-10-31"),
        ("shop/e_2026-10.csv", "2026-10-01"),
        ("shop/e_2026-Q3.csv", "2026-07-01"),
        ("shop/items-2026-01-01-2026-02-01.csv", "2026-02-01"),
        ("shop/year=2026/month=10/day=31/part.csv", "2026-10-31"),
        ("shop/year=2026/month=10/day=31/hour=5/part.csv", "2026-10-31 05:00"),
        ("shop/events/2026/10/31/part.csv", "2026-10-31"),
        ("shop/dt=2026-10-31/part-0.csv", "2026-10-31"),
        ("shop/2026-10-30/customers_2026-10-31.csv", "2026-10-31"),
        ("shop/customers.csv", None),
        ("shop/1761955199.csv", None),
        ("shop/e_2026-02-30.csv", None),
        ("shop/2026/13/part.csv", None),
        ("2026-01-01/customers.csv", None),  # the source's own folder
    ],
)
def test_dates_in_names(file, expected):
    assert date_in_name(file) == (expected and datetime.fromisoformat(expected))
