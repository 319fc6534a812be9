"""What charts show equals SQL that was written anew here, and every chart says its unit."""

from __future__ import annotations

from datetime import date

import pytest

from reports import customers, marketing, sales
from reports.chart_style import NARROW, WIDE
from reports.charts import columns, grouped_bars, heat_map, ranked_bars, stacked_bars
from reports.page import open_view
from reports.periods import Period

SINCE, UNTIL = "2025-04-01", "2026-03-31"


def shown(spec, *fields):
    (rows,) = spec["datasets"].values()
    return [tuple(row[field] for field in fields) for row in rows]


def titles(part):
    """Every title of an axis anywhere in a specification."""
    found = []
    for key, value in part.items() if isinstance(part, dict) else enumerate(part):
        if key == "title" and isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict | list) and key != "datasets":
            found += titles(value)
    return found


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_revenue_by_month(view, shop, width):
    spec = columns(sales.revenue_rows(view), width, title="revenue, GBP")
    by_month = {label: value for label, value in shown(spec, "label", "value") if value}
    assert len(shown(spec, "label")) == 12 and titles(spec) == ["revenue, GBP"] and spec["width"] == width
    assert by_month == {"Jan 26": 30, "Feb 26": 2070, "Mar 26": -5.5}
    total = shop.execute("select sum(revenue)::double from metrics.measured_orders").fetchone()
    assert total == (sum(by_month.values()),)


def test_customers_by_month(view, shop):
    spec = columns(sales.customer_rows(view), WIDE, title="number of customers")
    expected = shop.execute("""
        select strftime(measured_on, '%b %y'), 'new', count(distinct customer_id)
        from metrics.measured_orders where number = 1 group by 1
        union all
        select strftime(measured_on, '%b %y'), 'returning', count(distinct customer_id)
        from metrics.measured_orders where number > 1 group by 1
    """).fetchall()
    assert sorted(row for row in shown(spec, "label", "series", "value") if row[2]) == sorted(expected)
    assert "number of customers" in titles(spec)


def test_cohorts_are_added_over_channels_and_leave_out_months_that_are_not_over(view):
    spec = heat_map(customers.cohort_rows(view), WIDE, title="months after the first purchase")
    assert shown(spec, "label", "column", "value", "text") == [("Jan 26 (4)", 1, 0.25, "25")]


def test_of_a_long_period_the_newest_cohorts_are_shown_and_the_sentence_says_so(shop):
    long = open_view(shop, Period(date(2020, 5, 15), date(2026, 3, 31)))
    assert "First purchases 1 Apr 2024 – 31 Mar 2026 (UTC)." in customers.cohort_section(long).counts
    assert [row["label"] for row in customers.cohort_rows(long)] == ["Mar 25 (5)", "Jan 26 (4)"]


def test_the_funnel_counts_visits_of_the_period_and_what_each_step_loses(view, shop):
    spec = ranked_bars(marketing.funnel_rows(view), WIDE, title="number of visits")
    expected = shop.execute(
        "select step, sum(session_count) from analytics.funnel_steps where month_start_date >= ? group by 1 order by 2 desc",
        [SINCE],
    ).fetchall()
    assert shown(spec, "label", "value") == expected == [("visited", 100), ("bought", 25)]
    assert [text for (text,) in shown(spec, "text")] == ["100", "25 (−75\u00a0%)"]


def test_every_attribution_model_shows_the_revenue_of_the_period(view, shop):
    spec = stacked_bars(marketing.attribution_rows(view), WIDE, title="revenue, GBP")
    expected = shop.execute(
        "select replace(attribution_model, '_', ' '), channel, sum(revenue_amount)::double from analytics.attribution"
        " where order_date between ? and ? group by all",
        [SINCE, UNTIL],
    ).fetchall()
    assert sorted(shown(spec, "label", "series", "value")) == sorted(expected)
    assert titles(spec) == ["revenue, GBP"]


def test_channels_show_spend_beside_revenue_of_one_model(view):
    rows = marketing.roi_rows(view)
    assert [(row["channel"], row["spend"], row["revenue"]) for row in rows] == [
        ("paid search", 160, 200),
        ("email", 0, 70),
    ]
    spec = grouped_bars(marketing.spend_rows(rows), NARROW, title="GBP")
    assert shown(spec, "label", "series", "value") == [
        ("paid search", "ad spend", 160),
        ("paid search", "revenue", 200),
    ]
    table = marketing.roi_section(view).table
    assert table.rows[0][5:] == ["1.25\u00a0×", "25\u00a0%", "£80.00"]
    assert table.rows[1][5:] == ["–", "–", "–"]


def test_groups_of_customers_are_counted_with_their_share(view):
    stages = customers.share_rows(view, customers._LIFECYCLE, customers._STAGES)
    assert [(row["label"], row["text"]) for row in stages] == [
        ("lead", "1 (33\u00a0%)"),
        ("active", "1 (33\u00a0%)"),
        ("at risk", "1 (33\u00a0%)"),
    ]
    segments = customers.segment_section(view)
    assert [row["value"] for row in customers.segment_rows(view)] == [2, 1]
    assert segments.notes == ["Outside the size that was expected: VIP."]


def test_a_chart_of_nothing_but_zeros_can_be_drawn(view):
    zeros = [{"label": "a", "value": 0, "text": "0", "column": 1}]
    for width in (WIDE, NARROW):
        assert ranked_bars(zeros, width, title="t")["width"] == width
        assert heat_map(zeros, width, title="t")["width"] == width
