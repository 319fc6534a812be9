"""The parts of the report about how customers came: funnel, attribution by model, and what each channel costs and brings.

How revenue is shared out among channels is the models' business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reports.charts import grouped_bars, ranked_bars, stacked_bars
from reports.figures import NOTHING, count, money, per_cent
from reports.published import Row, read_rows
from reports.sections import Section, Table, View, draw, or_why_not

# the model whose shares stand in the table of channels: the one that acquisition uses, too
ROI_MODEL = "last_non_direct"

# the simple models first; those that learn from the data last
_MODELS = {
    "first_touch": "first touch",
    "last_touch": "last touch",
    "last_non_direct": "last, not direct",
    "linear": "linear",
    "position": "position",
    "time_decay": "time decay",
    "markov": "data: Markov",
    "shapley": "data: Shapley",
}

_FUNNEL = """
    select step_number, step as label, sum(session_count)::bigint as value from analytics.funnel_steps
    where month_start_date between $1 and $2 group by all order by step_number
"""
_ATTRIBUTION = """
    with credited as (
        select attribution_model as label, channel as series, sum(revenue_amount)::double as value
        from analytics.attribution where order_date between $1 and $2 group by all
    )
    select * from credited
    order by array_position($3::varchar[], label) nulls last, label, sum(value) over (partition by series) desc, series
"""
_ROI = f"""
    select channel, sum(spend_amount)::double as spend, sum(revenue_amount)::double as revenue,
        sum(order_count) as orders, sum(new_customer_count) as new_customers
    from analytics.channel_roi
    where attribution_model = '{ROI_MODEL}' and month_start_date between $1 and $2 and currency = $3
    group by all having spend > 0 or revenue <> 0 order by spend desc, revenue desc, channel
"""


def funnel_section(view: View) -> Section:
    """How far visits came."""
    section = Section(
        "From a visit to an order",
        "Number of visits to the web shop that came at least this far, and the share lost since the step before. "
        f"{view.period.in_months} (UTC).",
    )
    section, rows = or_why_not(
        section, lambda: funnel_rows(view), "No visit to the web shop was recorded in this period."
    )
    if not rows:
        return section
    return replace(section, chart=draw(lambda width: ranked_bars(rows, width, title="number of visits")))


def funnel_rows(view: View) -> list[Row]:
    """One row per step, the first first: label, value (visits), text with the drop-off. Raises NotPublished."""
    rows = read_rows(view.connection, _FUNNEL, [view.period.first_month, view.period.until])
    before = [None, *(row["value"] for row in rows)]
    return [
        {
            "label": row["label"],
            "value": row["value"],
            "text": count(row["value"]) + _lost(row["value"], previous),
        }
        for row, previous in zip(rows, before, strict=False)
    ]


def _lost(value: int, previous: int | None) -> str:
    return f" (−{per_cent(1 - value / previous)})" if previous else ""


def attribution_section(view: View) -> Section:
    """Revenue by channel, as each model shares it out."""
    section = Section(
        "Which channels revenue is owed to",
        f"Revenue of orders in {view.currency}, shared out among the visits that led to them by each model; every bar is "
        f"the same revenue. Orders of the store and of people without a visit are there, too. {view.period} (UTC).",
    )
    section, rows = or_why_not(
        section,
        lambda: attribution_rows(view),
        "No purchase lies in this period, so there is nothing to share out.",
    )
    if not rows:
        return section
    title = f"revenue, {view.currency}"
    return replace(section, chart=draw(lambda width: stacked_bars(rows, width, title=title)))


def attribution_rows(view: View) -> list[Row]:
    """One row per model and channel, the largest channels first: label, series, value. Raises NotPublished."""
    rows = read_rows(view.connection, _ATTRIBUTION, [view.period.since, view.period.until, list(_MODELS)])
    return [
        {
            "label": _MODELS.get(row["label"], row["label"].replace("_", " ")),
            "series": row["series"],
            "value": row["value"],
        }
        for row in rows
    ]


def roi_section(view: View) -> Section:
    """What each channel costs and brings."""
    section = Section(
        "What channels cost and bring",
        f"Ad spend and revenue of orders in {view.currency}, by channel; each order counts for the last visit that was not "
        f"direct. {view.period.in_months} (UTC). Return = revenue / spend; ROI = (revenue − spend) / spend; "
        "the goods' own cost is not taken off.",
    )
    section, rows = or_why_not(
        section, lambda: roi_rows(view), "Neither ad spend nor attributed revenue lies in this period."
    )
    if not rows:
        return section
    section = replace(section, table=_roi_table(rows, view.currency))
    paid = spend_rows(rows)
    if not paid:
        return replace(
            section, notes=["No ad spend lies in this period, so there is nothing to compare revenue with."]
        )
    title = f"{view.currency}, channels with ad spend"
    return replace(section, chart=draw(lambda width: grouped_bars(paid, width, title=title)))


def roi_rows(view: View) -> list[Row]:
    """One row per channel: channel, spend, revenue, orders, new_customers. Raises NotPublished."""
    return read_rows(view.connection, _ROI, [view.period.first_month, view.period.until, view.currency])


def spend_rows(rows: Sequence[Row]) -> list[Row]:
    """Two rows per channel that was paid for: label, series (ad spend, revenue), value."""
    return [
        {"label": row["channel"], "series": series, "value": row[key]}
        for row in rows
        if row["spend"] > 0
        for series, key in (("ad spend", "spend"), ("revenue", "revenue"))
    ]


def _roi_table(rows: Sequence[Row], currency: str) -> Table:
    return Table(
        headers=[
            "Channel",
            "Ad spend",
            "Revenue",
            "Orders",
            "New customers",
            "Return",
            "ROI",
            "Per new customer",
        ],
        rows=[_roi_row(row, currency) for row in rows],
        numbers=frozenset(range(1, 8)),
    )


def _roi_row(row: Row, currency: str) -> list[str]:
    spend, new = row["spend"], row["new_customers"]
    return [
        row["channel"],
        money(spend, currency) if spend else NOTHING,
        money(row["revenue"], currency),
        count(row["orders"]),
        count(new),
        f"{row['revenue'] / spend:,.2f}\u00a0×" if spend else NOTHING,
        per_cent((row["revenue"] - spend) / spend) if spend else NOTHING,
        money(spend / new, currency) if spend and new else NOTHING,
    ]
