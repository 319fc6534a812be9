"""The parts of the report about what was sold and to whom: key figures, revenue and customers over time.

Values are those of the metrics; nothing is defined here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from reports.charts import columns
from reports.errors import ReportError
from reports.figures import NOTHING, Change, change, figure, unit_in_words
from reports.metric_values import MetricValue, find_metric, read_values
from reports.periods import in_words, month_label
from reports.published import Row, read_rows
from reports.sections import Section, Table, View, draw, or_why_not

# what an owner looks for first; all others stand in a table, in the order of their definitions
_FIRST = (
    *("revenue", "orders", "average_order_value", "new_customers", "returning_customers", "repeat_rate"),
    *("retention_rate", "customer_lifetime_value", "customer_acquisition_cost", "return_on_ad_spend"),
    *("conversion_rate", "csat"),
)
_FIGURES = """
    select c.*, d.formula, d.area, d.needs_data from metrics.metrics_current as c join metrics.metric_definitions as d using (metric)
    order by c.place
"""


@dataclass(frozen=True)
class Tile:
    """One key figure: its value, how it moved, and what it means."""

    title: str
    value: str
    unit: str
    change: Change
    formula: str


def read_tiles(view: View) -> list[Tile]:
    """The first figures, over the 30 days that end with the run's day, against the 30 before. Raises ReportError."""
    rows = {row["metric"]: row for row in read_rows(view.connection, _FIGURES)}
    return [_tile(rows[name], view.currency) for name in _FIRST if name in rows]


def figures_section(view: View) -> Section:
    """Every other metric."""
    section = Section(
        "All other figures",
        f"The 30 days that end on {in_words(view.as_of.date())} (UTC), and the 30 days before; what each figure counts stands "
        "beside it.",
    )
    section, rows = or_why_not(
        section,
        lambda: [row for row in read_rows(view.connection, _FIGURES) if row["metric"] not in _FIRST],
        "No metric is defined: `dbt_project/models/metrics/definitions/` has none.",
    )
    if not rows:
        return section
    headers = ["Figure", "Now", "Before", "What it counts"]
    return replace(section, table=Table(headers, _figure_rows(rows, view.currency), frozenset({1, 2})))


def _figure_rows(rows: Sequence[Row], currency: str) -> list[list[str]]:
    """By area, in the order in which areas first appear."""
    areas = list(dict.fromkeys(row["area"] for row in rows))
    return [
        [
            row["title"],
            _now(row, currency),
            NOTHING if row["missing_input"] else figure(row["previous_value"], row["unit"], currency),
            _meaning(row, currency),
        ]
        for row in sorted(rows, key=lambda row: areas.index(row["area"]))
    ]


def _now(row: Row, currency: str) -> str:
    if row["missing_input"]:
        return "needs input"
    return figure(row["current_value"], row["unit"], currency)


def _meaning(row: Row, currency: str) -> str:
    told = f"{row['formula'].rstrip('.')} ({unit_in_words(row['unit'], currency)})."
    return f"{told} {_why_none(row)}".rstrip()


def _why_none(row: Row) -> str:
    """Why a figure is missing; nothing where it is there."""
    if row["missing_input"]:
        return f"It needs what only you know: {row['missing_input'].replace('_', ' ')}."
    if row["current_value"] is None and row["needs_data"]:
        return f"It needs {row['needs_data']}."
    return ""


def _tile(row: Row, currency: str) -> Tile:
    current, previous, unit = row["current_value"], row["previous_value"], row["unit"]
    return Tile(
        title=row["title"],
        value=figure(current, unit, currency),
        unit=unit_in_words(unit, currency),
        change=Change("", why, "same")
        if (why := _why_none(row))
        else change(current, previous, unit, row["better"], currency),
        formula=row["formula"].rstrip("."),
    )


def revenue_section(view: View) -> Section:
    """Revenue by month."""
    section = Section(
        "Revenue by month",
        f"What customers paid, with shipping and tax, minus refunds, in {view.currency}, {view.period} (UTC).",
    )
    try:
        rows = revenue_rows(view)
    except ReportError as error:
        return section.without_anything(str(error))
    if not any(row["value"] for row in rows):
        return section.without_anything(
            "Nothing was sold in this period: no order lies in it, or all were cancelled."
        )
    return _over_time(section, rows, view, f"revenue, {view.currency}")


def revenue_rows(view: View) -> list[Row]:
    """One row per month: label, value in the shop's currency. Raises ReportError."""
    return _rows(
        read_values(view.connection, find_metric(view.connection, "revenue"), view.period, grain="month")
    )


def customers_section(view: View) -> Section:
    """New and returning customers by month."""
    section = Section(
        "Customers by month",
        "People who bought, counted once in every month: new ones bought for the first time, returning ones bought again. "
        f"Somebody who did both in one month is in both. {view.period} (UTC).",
    )
    try:
        rows = customer_rows(view)
    except ReportError as error:
        return section.without_anything(str(error))
    if not any(row["value"] for row in rows):
        return section.without_anything(
            "Nobody we know bought in this period; orders without a buyer are not counted."
        )
    return _over_time(section, rows, view, "number of customers")


def customer_rows(view: View) -> list[Row]:
    """One row per month and kind of customer: label, series, value. Raises ReportError."""
    return [
        {**row, "series": series}
        for series, name in (("returning", "returning_customers"), ("new", "new_customers"))
        for row in _rows(
            read_values(view.connection, find_metric(view.connection, name), view.period, grain="month")
        )
    ]


def _rows(values: Sequence[MetricValue]) -> list[Row]:
    return [{"label": month_label(value.since), "value": value.value} for value in values]


def _over_time(section: Section, rows: Sequence[Row], view: View, title: str) -> Section:
    last = view.period.until
    is_over = (last + timedelta(days=1)).month != last.month
    notes = [] if is_over else [f"{month_label(last)} is not over: it runs until {in_words(last)}."]
    return replace(section, chart=draw(lambda width: columns(rows, width, title=title)), notes=notes)
