"""The report: one HTML page with everything an owner asks first, which opens offline, prints, and follows light and dark.

Figures come from the modules that build sections; the page holds no scripts and nothing about single persons.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from reports import customers, health, marketing, sales, sold
from reports.errors import NotPublished
from reports.health import OpenAlert
from reports.periods import Period, in_words
from reports.published import read_as_of, read_currency
from reports.sections import View
from reports.templating import PAGES


def open_view(connection: duckdb.DuckDBPyConnection, period: Period) -> View:
    """What a page is about. Raises NotPublished when no run was published."""
    return View(connection, period, read_as_of(connection), read_currency(connection))


def render_page(view: View, alerts: Sequence[OpenAlert], *, made_at: datetime) -> str:
    """The whole page as HTML text. `made_at` is naive UTC and stands in the footer."""
    try:
        tiles, tiles_missing = sales.read_tiles(view), ""
    except NotPublished as error:
        tiles, tiles_missing = [], str(error)
    return PAGES.get_template("report.html").render(
        tiles=tiles,
        tiles_missing=tiles_missing
        or "No metric is defined: `dbt_project/models/metrics/definitions/` has none.",
        parts=_parts(view, alerts),
        period=view.period,
        until=in_words(view.as_of.date()),
        as_of=view.as_of,
        made_at=made_at,
    )


def _parts(view: View, alerts: Sequence[OpenAlert]) -> list[object]:
    return [
        health.alert_section(alerts),
        sold.trend_section(view),
        sales.revenue_section(view),
        sales.customers_section(view),
        customers.cohort_section(view),
        customers.lifecycle_section(view),
        customers.rfm_section(view),
        customers.segment_section(view),
        marketing.funnel_section(view),
        marketing.attribution_section(view),
        marketing.roi_section(view),
        sold.campaign_section(view),
        sold.product_section(view),
        sold.journey_section(view),
        sales.figures_section(view),
        health.reconciliation_section(view),
        health.freshness_section(view),
        health.quality_section(view),
    ]
