"""Metrics on a real run: every figure an owner asks for is defined once, and the tables and the command agree on all."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from reports.metric_values import find_metric, read_dimensions, read_metrics, read_values
from reports.periods import Period
from reports.published import read_as_of

# the list of key figures this platform promises, in its order
PROMISED = [
    "customer_acquisition_cost", "conversion_rate", "marketing_roi", "open_rate", "click_rate",
    "sales_conversion_rate", "average_deal_size", "sales_cycle", "customer_lifetime_value",
    "predicted_lifetime_value", "csat", "nps", "retention_rate", "resolution_time", "process_automation_rate",
    "resource_utilisation", "cost_savings", "revenue_growth", "profitability", "market_share",
    "customer_growth_rate", "churn_rate", "average_customer_spend", "average_order_value", "return_on_ad_spend",
    "drop_off_rate", "satisfaction_uplift", "engagement_uplift", "loyalty_uplift",
]  # fmt: skip
NEEDS_OWNER = {"resource_utilisation", "cost_savings", "profitability", "market_share"}


@pytest.fixture(scope="module")
def published(first_run):
    path = first_run.installation.data_dir / "published" / "warehouse.duckdb"
    with duckdb.connect(path, read_only=True) as connection:
        yield connection


def test_every_promised_figure_is_a_metric_and_none_is_made_up(published):
    current = dict(published.execute("select metric, missing_input from metrics.metrics_current").fetchall())
    assert [name for name in PROMISED if name not in current] == []
    assert {name for name, missing in current.items() if missing} == NEEDS_OWNER


def test_every_metric_says_what_it_is(published):
    incomplete = published.execute(
        """
        select metric from metrics.metric_definitions
        where title is null or formula is null or expression is null or grain is distinct from 'day' or area is null or better not in ('up', 'down', 'neither')
            or (denominator_expression is not null and needs_data is null and needs_input is null)
            or unit not in ('money', 'count', 'rate', 'ratio', 'points', 'hours', 'days')
        """
    ).fetchall()
    assert incomplete == []


@pytest.mark.parametrize(("column", "days_ago"), [("current_value", 0), ("previous_value", 30)])
def test_the_command_counts_a_period_as_the_table_does(published, column, days_ago):
    until = read_as_of(published).date() - timedelta(days=days_ago)
    period = Period(until - timedelta(days=29), until)
    told = {
        name: read_values(published, metric, period)[0].value
        for name, metric in read_metrics(published).items()
    }
    expected = dict(published.execute(f"select metric, {column} from metrics.metrics_current").fetchall())
    assert told == pytest.approx(expected)


def test_the_command_counts_a_day_as_the_tables_do(published):
    day = read_as_of(published).date()
    for name, metric in read_metrics(published).items():
        [told] = read_values(published, metric, Period(day, day))
        rows = published.execute(
            "select value from metrics.metrics_daily where metric = $1 and metric_date = $2", [name, day]
        ).fetchall()
        # a day on which nothing was measured is no row there, and 0 or nothing here
        assert (told.value or 0) == pytest.approx((rows[0][0] if rows else None) or 0), name


def test_the_command_tells_apart_as_the_table_does(published):
    day = read_as_of(published).date()
    dimensions = read_dimensions(published)
    assert {"channel", "source", "segment", "store", "cohort_month"} <= set(dimensions["revenue"])
    assert "category" in dimensions["units_sold"] and "acquisition_channel" in dimensions["churn_rate"]
    for name in ("revenue", "repeat_rate", "units_sold", "active_customers", "customer_growth_rate"):
        for dimension in dimensions[name]:
            told = read_values(published, find_metric(published, name), Period(day, day), dimension=dimension)
            expected = published.execute(
                "select dimension_value, value from metrics.metrics_by_dimension"
                " where metric = $1 and metric_date = $2 and dimension = $3",
                [name, day, dimension],
            ).fetchall()
            assert {v.part: v.value for v in told if v.value} == pytest.approx(
                {part: value for part, value in expected if value}
            ), (name, dimension)


def test_active_customers_are_those_who_bought_lately_enough(published):
    """Counted a second way, straight from the orders; the threshold is that of dbt_project.yml."""
    day = read_as_of(published).date()
    [told] = read_values(published, find_metric(published, "active_customers"), Period(day, day))
    [expected] = published.execute(
        "select count(distinct customer_id) from marts.orders where is_purchase and order_date >= $1",
        [day - timedelta(days=240)],
    ).fetchone()
    assert told.value == expected > 0
