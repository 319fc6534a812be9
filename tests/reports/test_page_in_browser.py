"""The page as Chromium lays it out: at the width of a phone and of a desktop, in light and dark, on paper, and offline."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from reports.lineage.data_map import render_map
from reports.lineage.graph import Column, Field, Graph, Table
from reports.page import render_page
from tests.browser import IN_ALL_FORMS, chromium, in_a_browser, look

pytestmark = in_a_browser

CHARTS = 9
EMAIL = Field("Address.", "user.contact.email")


@pytest.fixture(scope="module")
def page_text(view) -> str:
    return render_page(view, [], made_at=datetime(2026, 4, 1, 6, 0))


@pytest.mark.parametrize(("width", "dark"), IN_ALL_FORMS)
def test_the_page_fits_and_its_charts_are_whole_and_readable(page_text, tmp_path, width, dark):
    seen = look(page_text, tmp_path, width, dark=dark)
    assert (seen["width"], seen["overflow"], seen["dark"], seen["fetched"]) == (width, 0, dark, 0)
    assert seen["charts"] == CHARTS, "each chart once, in the width that fits"
    assert (seen["cut"], seen["on_each_other"]) == ([], [])
    assert seen["texts"] > 100 and seen["faint"] == []
    ink = "rgb(255, 255, 255)" if dark else "rgb(0, 0, 0)"
    assert seen["ink"] == ink
    assert seen["chart_ink"] == [ink], "texts of charts have the page's colour"


@pytest.mark.parametrize(("width", "dark"), IN_ALL_FORMS)
def test_the_data_map_fits_and_can_be_read(tmp_path, width, dark):
    seen = look(
        render_map(small_graph(), {}, made_at=datetime(2026, 4, 1, 6, 0), as_of=None),
        tmp_path,
        width,
        dark=dark,
    )
    assert (seen["overflow"], seen["dark"], seen["fetched"], seen["charts"]) == (0, dark, 0, 1)
    assert (seen["cut"], seen["on_each_other"], seen["faint"]) == ([], [], [])


def small_graph() -> Graph:
    """Nine sources that deliver an address, and nine tools that get it: as many as the sandbox has, with long names."""
    tables = {
        "customers": Table(
            "customers", "marts", "One row per `customer`.", "analytics", fields={"email": EMAIL}
        )
    }
    made_of: dict[Column, dict[Column, bool]] = {Column("customers", "email"): {}}
    for place in range(9):
        raw, sync = f"raw.source_number_{place}_contacts_with_a_long_name", f"tool_{place}_contacts"
        tables[raw] = Table(raw, "raw", source=f"source_{place}", fields={"email_address": EMAIL})
        fields = [f"FIELD_{number}" for number in range(place + 1)]
        tables[sync] = Table(sync, "destination", source=f"tool_{place}", fields=dict.fromkeys(fields, EMAIL))
        made_of[Column("customers", "email")][Column(raw, "email_address")] = True
        made_of |= {Column(sync, field): {Column("customers", "email"): True} for field in fields}
    return Graph(tables, made_of)


def test_a_page_without_anything_fits_too(empty_view, tmp_path):
    text = render_page(empty_view, [], made_at=datetime(2026, 4, 1, 6, 0))
    seen = look(text, tmp_path, 390, dark=True)
    assert (seen["overflow"], seen["charts"]) == (0, 0)


def test_the_page_prints(page_text, tmp_path):
    (tmp_path / "page.html").write_text(page_text, encoding="utf-8")
    chromium(
        tmp_path,
        f"--print-to-pdf={tmp_path / 'page.pdf'}",
        "--no-pdf-header-footer",
        (tmp_path / "page.html").as_uri(),
    )
    printed = (tmp_path / "page.pdf").read_bytes()
    assert printed.startswith(b"%PDF") and 2 <= len(re.findall(rb"/Type /Page\b", printed)) <= 12
