"""The page: offline, without scripts, escaped, and never an empty chart without a sentence why."""

from __future__ import annotations

import re
from datetime import date, datetime
from html.parser import HTMLParser

import duckdb
import pytest

from reports.figures import change, figure, money
from reports.health import OpenAlert, freshness_section
from reports.page import _parts, open_view, render_page
from reports.periods import Period
from reports.sales import revenue_section
from reports.sold import campaign_section, journey_section, product_section, trend_section

MADE_AT = datetime(2026, 4, 1, 6, 0)
PARTS = 19  # key figures and eighteen sections


class Reader(HTMLParser):
    """Collects tags, attributes and texts as a browser would see them."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.texts = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.texts.append(data)


def read(page):
    reader = Reader()
    reader.feed(page)
    return reader


def safe(page):
    """No element or attribute of the page runs anything or asks anybody for anything."""
    reader = read(page)
    assert not {"script", "link", "iframe", "img", "image", "object", "embed", "base", "form"} & set(
        reader.tags
    )
    names = {name for name, _ in reader.attributes}
    assert not {name for name in names if name.startswith("on")} and not {"src", "srcset", "action"} & names
    targets = [value for name, value in reader.attributes if name in ("href", "xlink:href")]
    assert all(target.startswith("#") for target in targets)
    style = page[page.index("<style>") : page.index("</style>")]
    assert "@import" not in style and "url(" not in style
    return reader


@pytest.fixture(scope="module")
def page(view):
    alert = OpenAlert("shop is late", "Nothing since Monday.", MADE_AT)
    return render_page(view, [alert], made_at=MADE_AT)


def test_the_page_needs_nothing_but_itself(page):
    reader = safe(page)
    assert reader.tags.count("h2") == PARTS
    assert reader.tags.count("svg") == 2 * 9, "every chart in two widths"
    assert "max-width: 46rem" in page and "@media print" in page and "prefers-color-scheme: dark" in page


def test_every_part_says_from_when_to_when_or_on_which_day(page):
    notes = re.findall(r'<h2>(.*?)</h2>\n<p class="note">(.*?)</p>', page)
    undated = [title for title, note in notes if not re.search(r"\d \w{3} 20\d\d", note)]
    assert undated == ["Open alerts", "Do our totals agree with the sources&#39;?"]


def test_every_chart_says_its_unit(view):
    charts = {part.title: part.counts for part in _parts(view, []) if part.chart}
    units = r"GBP|[Nn]umber of (customers|visits)|[Pp]er cent|People"
    assert (
        len(charts) == 9 and [title for title, counts in charts.items() if not re.search(units, counts)] == []
    )


WITHOUT = (
    "analytics.campaign_performance",
    "analytics.funnel_steps",
    "analytics.purchase_journeys",
    "analytics.trends",
)


def test_a_shop_without_ads_emails_and_visits_has_no_empty_chart_without_a_sentence(shop_file, tmp_path):
    path = tmp_path / "one_source.duckdb"
    path.write_bytes(shop_file.read_bytes())
    with duckdb.connect(path) as connection:
        for table in WITHOUT:
            connection.execute(f"delete from {table}")
        connection.execute("update analytics.channel_roi set spend_amount = 0")
        connection.execute("update segments.segment_sizes set member_count = 0")
        parts = {
            part.title: part
            for part in _parts(open_view(connection, Period(date(2025, 4, 1), date(2026, 3, 31))), [])
        }
    assert [part.title for part in parts.values() if not (part.chart or part.table or part.empty)] == []
    assert {title for title, part in parts.items() if part.empty} >= {
        *("How campaigns did", "From a visit to an order", "What stands out", "Segments", "Open alerts")
    }
    channels = parts["What channels cost and bring"]
    assert channels.chart is None and "No ad spend lies in this period" in channels.notes[0]
    assert parts["Segments"].empty == "Nobody is in any of them yet."


def test_numbers_are_formatted_and_changes_told_in_words(page):
    texts = " ".join(" ".join(read(page).texts).split())
    assert "£1,234 ▲ up 23 % from £1,000, better" in texts
    assert "25.0 % ▼ down 25.0 points from 50.0 %, worse" in texts
    assert "Customers so far – 10 all until then (number)." in texts
    assert (
        "Market share needs input – ours / all (per cent). It needs what only you know: market size." in texts
    )
    assert "£2,094.50" in texts and "−£5.50" in texts and "−£5.50 cancelled or refunded" in texts


def test_freshness_goes_by_the_newest_event_and_by_the_load_where_rows_tell_no_time(view):
    assert freshness_section(view).table.rows == [
        ["shop", "2026-03-31 00:00", "2026-03-04 00:00", "27", "6", "1"],
        ["till", "2026-03-31 00:00", "–", "0", "1,234", "0"],
    ]


def test_what_sells_what_campaigns_did_and_what_stands_out_is_of_the_period(view):
    assert [row[:4] for row in product_section(view).table.rows] == [
        ["Tea", "Drinks", "4", "£20.00"],
        ["Mug", "Mugs", "1", "£14.00"],
    ]
    assert campaign_section(view).table.rows == [
        ["Brand", "paid search", "1,000", "–", "5.0\u00a0%", "2", "£150.00", "£100.00"],
        ["News", "email", "40", "50\u00a0%", "10.0\u00a0%", "1", "£30.00", "–"],
    ]
    assert trend_section(view).table.rows == [
        ["revenue, category Tea", "23 Mar 2026", "£900.00", "£300.00", "surge"],
        ["visits", "16 Mar 2026", "3", "40", "slump"],
    ]
    assert journey_section(view).table.rows == [
        ["email → direct", "before a purchase", "8", "75\u00a0%"],
        ["order → support ticket", "before a customer was lost", "5", "80\u00a0%"],
    ]


def test_ids_of_charts_do_not_meet(page):
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_hostile_names_are_texts(hostile_view, hostile):
    alerts = [OpenAlert(hostile, hostile, MADE_AT)]
    page = render_page(hostile_view, alerts, made_at=MADE_AT)
    reader = safe(page)
    assert "<script" not in page and "<img" not in page
    assert sum(hostile in text for text in reader.texts) >= 8, "they are shown, as they are written"


def test_empty_tables_give_sentences(empty_view):
    page = render_page(empty_view, [], made_at=MADE_AT)
    reader = safe(page)
    assert reader.tags.count("svg") == 0
    assert page.count('class="empty"') == PARTS
    assert "There are no customers yet." in page and "No alert is open" in page


def test_tables_of_an_earlier_version_give_sentences(bare_view):
    page = render_page(bare_view, [], made_at=MADE_AT)
    safe(page)
    assert page.count("The published tables lack something") >= 16 and page.count('class="empty"') == PARTS


def test_alerts_stand_with_their_time(page):
    assert "Nothing since Monday." in page and "2026-04-01 06:00" in page


def test_a_month_that_is_not_over_is_said_to_be_so(shop):
    view = open_view(shop, Period(date(2026, 1, 1), date(2026, 3, 15)))
    assert revenue_section(view).notes == ["Mar 26 is not over: it runs until 15 Mar 2026."]


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [(1234.5, "money", "£1,234"), (-3.456, "money", "−£3.46"), (0.125, "rate", "12.5\u00a0%"), (None, "rate", "–"),
     (1234567, "count", "1,234,567"), (2.5, "ratio", "2.50\u00a0×"), (-4, "points", "−4.0\u00a0points")],
)  # fmt: skip
def test_figures(value, unit, expected):
    assert figure(value, unit, "GBP") == expected


def test_money_of_any_currency():
    assert money(0, "the shop's currency") == "0.00", "while nobody knows which it is"
    assert money(12.5, "CHF") == "12.50 CHF" and money(1e6, "EUR", cents=True) == "€1,000,000.00"


@pytest.mark.parametrize(
    ("current", "previous", "better", "expected"),
    [(110, 100, "up", ("▲", "good")), (110, 100, "down", ("▲", "bad")), (90, 100, "down", ("▼", "good")),
     (100, 100, "up", ("■", "same")), (5, None, "up", ("", "same")), (None, 5, "up", ("", "same")), (5, 0, "up", ("▲", "good"))],
)  # fmt: skip
def test_a_change_is_good_or_bad_by_the_metrics_direction(current, previous, better, expected):
    moved = change(current, previous, "count", better, "GBP")
    assert (moved.arrow, moved.mood) == expected
    assert moved.words
