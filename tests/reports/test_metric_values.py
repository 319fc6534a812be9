"""Values of metrics: people are counted once per period, amounts add up, and what is not there is named."""

from __future__ import annotations

from datetime import date

import pytest

from reports.errors import BadPeriod, UnknownDimension, UnknownMetric
from reports.metric_values import find_metric, read_values, why_none
from reports.periods import Period, chosen_period

QUARTER = Period(date(2026, 1, 1), date(2026, 3, 31))


def values(shop, name, period=QUARTER, **how):
    found = read_values(shop, find_metric(shop, name), period, **how)
    return {(str(v.since), v.part) if how else v.part: v.value for v in found}


def test_amounts_add_up_and_months_without_orders_are_zero(shop):
    months = values(shop, "revenue", Period(date(2025, 12, 1), date(2026, 3, 31)), grain="month")
    assert months == {
        ("2025-12-01", "all"): 0,
        ("2026-01-01", "all"): 30,
        ("2026-02-01", "all"): 2070,
        ("2026-03-01", "all"): -5.5,
    }
    assert values(shop, "revenue") == {"all": sum(months.values())}


def test_somebody_who_returns_in_two_months_is_one_returning_customer_of_the_quarter(shop):
    by_month = values(shop, "returning_customers", grain="month")
    assert [by_month[f"2026-0{m}-01", "all"] for m in (1, 2, 3)] == [1, 1, 0]
    assert values(shop, "returning_customers") == {"all": 1}


def test_a_rate_divides_people_of_the_whole_period_and_is_nothing_where_nobody_bought(shop):
    assert values(shop, "repeat_rate") == {"all": 0.5}
    assert values(shop, "repeat_rate", grain="month")["2026-03-01", "all"] is None


def test_what_is_added_up_to_a_day_holds_on_days_without_anything(shop):
    assert values(shop, "customers_to_date", grain="month") == {
        ("2026-01-01", "all"): 1,
        ("2026-02-01", "all"): 2,
        ("2026-03-01", "all"): 2,
    }
    assert values(shop, "customers_to_date", Period(date(2026, 3, 5), date(2026, 3, 5))) == {"all": 2}


def test_growth_is_against_as_many_months_before_and_nothing_without_them(shop):
    growth = values(shop, "revenue_growth", grain="month")
    assert growth["2026-01-01", "all"] is None
    assert growth["2026-02-01", "all"] == 2070 / 30 - 1
    by_channel = values(
        shop, "revenue_growth", Period(date(2026, 2, 1), date(2026, 2, 28)), dimension="channel"
    )
    assert by_channel == {("2026-02-01", "store"): None}, "nothing was sold in the store the month before"


def test_a_metric_without_the_owners_input_has_no_figure_and_says_what_it_needs(shop):
    found = read_values(shop, find_metric(shop, "market_share"), QUARTER)
    assert [value.value for value in found] == [None]
    assert "add market_size" in why_none(find_metric(shop, "market_share"), found)
    revenue = find_metric(shop, "revenue")
    assert why_none(revenue, read_values(shop, revenue, QUARTER)) == ""


def test_a_figure_that_is_missing_says_what_it_needs(shop):
    growth = find_metric(shop, "revenue_growth")
    found = read_values(
        shop, growth, Period(date(2026, 2, 1), date(2026, 3, 31)), grain="month", dimension="channel"
    )
    assert None in [value.value for value in found]
    assert "needs revenue a month before" in why_none(growth, found)
    assert why_none(growth, [value for value in found if value.value is not None]) == ""


def test_a_dimension_of_customers_is_that_of_everything_they_did(shop):
    assert values(shop, "revenue", dimension="country") == {
        ("2026-01-01", "GB"): 60,
        ("2026-01-01", "FR"): 40,
        ("2026-01-01", "unknown"): 1994.5,
    }


def test_a_dimension_counts_people_in_each_of_its_values(shop):
    assert values(shop, "revenue", dimension="channel") == {
        ("2026-01-01", "web"): 30,
        ("2026-01-01", "store"): 2064.5,
    }
    returning = values(shop, "returning_customers", dimension="channel")
    assert returning == {("2026-01-01", "web"): 1, ("2026-01-01", "store"): 1}
    assert values(shop, "repeat_rate", dimension="channel")["2026-01-01", "store"] == 0.5


def test_segments_overlap_and_those_in_none_stand_apart(shop):
    assert values(shop, "orders", dimension="segment") == {
        ("2026-01-01", "vip"): 3,
        ("2026-01-01", "tea"): 4,
        ("2026-01-01", "none"): 1,
    }


def test_weeks_begin_on_monday_and_the_first_on_the_first_day_asked_for(shop):
    weeks = values(shop, "revenue", Period(date(2026, 2, 3), date(2026, 2, 9)), grain="week")
    assert weeks == {("2026-02-03", "all"): 40, ("2026-02-09", "all"): 2000}


def test_a_metric_that_is_not_there_is_answered_with_the_nearest(shop):
    with pytest.raises(
        UnknownMetric, match=r"'revenu', did you mean 'revenue'\? There are: customers_to_date, market_share"
    ):
        find_metric(shop, "revenu")


def test_a_dimension_that_is_not_there_is_answered_with_those_that_are(shop):
    with pytest.raises(UnknownDimension, match=r"did you mean 'channel'\? It has: channel, country, segment"):
        values(shop, "revenue", dimension="chanel")
    with pytest.raises(
        UnknownDimension, match=r"market_share cannot be told apart by anything yet. These can: customers"
    ):
        values(shop, "market_share", dimension="channel")
    with pytest.raises(UnknownDimension, match="cannot be told apart by"):
        values(shop, "revenue", dimension='x" from nothing; --')


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-01", None, "1 Jan 2026 – 31 Mar 2026"),
        ("2024", "2024-02", "1 Jan 2024 – 29 Feb 2024"),
        ("2026-2-3", "2026-02-03", "3 Feb 2026 – 3 Feb 2026"),
        (None, None, "1 Apr 2025 – 31 Mar 2026"),
        (None, "2025", "1 Jan 2025 – 31 Dec 2025"),
        ("2026", "2030", "1 Jan 2026 – 31 Mar 2026"),
    ],
)
def test_periods_are_written_as_years_months_or_days(since, until, expected):
    assert str(chosen_period(since, until, "month", today=date(2026, 3, 31))) == expected


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [("x", None, "'x' is no date"), ("2026-13", None, "no date"), (None, "2026-00", "no date"),
     ("2026-02-30", None, "no date"), ("2027", None, "newest published day"), ("2026-03", "2026-02", "Choose an earlier")],
)  # fmt: skip
def test_periods_that_cannot_be_are_explained(since, until, told):
    with pytest.raises(BadPeriod, match=told):
        chosen_period(since, until, "month", today=date(2026, 3, 31))
