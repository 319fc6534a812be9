"""The page that says why records are one customer: complete, harmless, and readable without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from identity_people import record, run, stores

from identity import explain
from identity.explanation_page import render_page, waterfall, waterfall_svg

HOSTILE = "<script>alert('x')</script>"
ANNA = {"first_name": "anna", "last_name": "kettering"}
RECORDS = [
    record("shopify_customers", "1", **ANNA, email="anna.k@example.com", street=HOSTILE, city="Leith"),
    record("hubspot_contacts", "3", **ANNA, email="anna.k@example.com", phone="+447700911111"),
    record("square_customers", "2", **ANNA, phone="+447700911111"),
]
AT = datetime(2026, 10, 31, 12)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with stores(Path(tmp_path_factory.mktemp("explained_page"))) as opened:
        run(opened, RECORDS, "r1")
        yield opened


def test_the_page_shows_records_links_and_history(connection: duckdb.DuckDBPyConnection) -> None:
    explanation = explain(connection, "square_customers:2")
    page = render_page(explanation, made_at=AT)
    assert "Why these 3 records are one customer" in page
    assert page.count("<svg") == 2 * len(explanation.path) == 4, "each in two widths"
    assert page.count(">weakest link<") == 1
    for text in (
        "anna.k@example.com",
        "+447700911111",
        "shopify customers",
        "created",
        "beyond doubt",
        "2026-10-31 12:00 UTC",
    ):
        assert text in page


def test_the_page_needs_no_network_and_runs_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    page = render_page(explain(connection, "square_customers:2"), made_at=AT)
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)\s*=\s*[\"'](?!#)", page)
    assert "url(http" not in page


def test_the_bars_of_a_waterfall_end_where_the_next_begin(connection: duckdb.DuckDBPyConnection) -> None:
    for edge in explain(connection, "square_customers:2").edges:
        (rows,) = waterfall(edge)["datasets"].values()
        *steps, total = sorted(rows, key=lambda row: row["place"])
        assert [step["start"] for step in steps] == [0.0, *(step["end"] for step in steps[:-1])]
        assert total["end"] == pytest.approx(steps[-1]["end"], abs=0.01)
        assert total["text"].replace("−", "-") == f"{edge.weight:+.1f}"
        assert all(name.replace("_", " ") in waterfall_svg(edge) for name, _, _ in edge.fields)
