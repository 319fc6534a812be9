"""The parts of the report about who the customers are: cohorts, stages of life, RFM groups and segments.

All count people at the run's day; the tables say who belongs where.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from reports.charts import heat_map, ranked_bars
from reports.figures import count, per_cent
from reports.periods import Period, first_of_months, in_words, month_label
from reports.published import Row, read_rows, to_date
from reports.sections import Section, View, draw, or_why_not

# how far a cohort is followed, and how many are shown
COHORT_MONTHS, COHORTS_SHOWN = 12, 24
_STAGES = ("lead", "new", "active", "returned", "at_risk", "lapsed", "lost")
_GROUPS = ("champions", "loyal", "new", "promising", "slipping_away", "asleep")

_COHORTS = f"""
    select cohort_month_date as cohort, months_since as "column", sum(cohort_size)::bigint as size,
        sum(active_count)::double / sum(cohort_size) as value
    from analytics.cohort_retention
    where is_complete and months_since between 1 and {COHORT_MONTHS}
        and cohort_month_date between $1 and $2
    group by all order by all
"""
_LIFECYCLE = "select lifecycle_stage as name, count(*) as value from marts.customers group by all"
_RFM = "select rfm_group as name, count(*) as value from marts.customer_rfm group by all"
_SEGMENTS = """
    select title as name, member_count::bigint as value, is_within_band,
        (select count(*) from marts.customers) as everybody
    from segments.segment_sizes order by member_count desc, title
"""


def cohort_section(view: View) -> Section:
    """How many of those who first bought in a month bought again, month by month."""
    section = Section(
        "Who comes back",
        "Per cent of the customers who first bought in a month (how many, in brackets) that bought again in the 1st, 2nd … "
        f"month after it. Months that are not over are left out. First purchases {cohort_period(view)} (UTC).",
    )
    section, rows = or_why_not(
        section,
        lambda: cohort_rows(view),
        "No month of this period has customers who first bought in it and a full month after it yet.",
    )
    if not rows:
        return section
    return replace(
        section, chart=draw(lambda width: heat_map(rows, width, title="months after the first purchase"))
    )


def cohort_period(view: View) -> Period:
    """The whole months whose cohorts are shown: those of the period, and of a long one the newest 24."""
    until = view.period.until
    return Period(max(view.period.first_month, first_of_months(until, COHORTS_SHOWN)), until)


def cohort_rows(view: View) -> list[Row]:
    """One row per cohort and month after it: label, column (months), value (0-1), text. Raises NotPublished."""
    shown = cohort_period(view)
    rows = read_rows(view.connection, _COHORTS, [shown.since, shown.until])
    return [
        {
            "label": f"{month_label(to_date(row['cohort']))} ({row['size']:,})",
            "column": row["column"],
            "value": row["value"],
            "text": f"{row['value'] * 100:.0f}",
        }
        for row in rows
    ]


def lifecycle_section(view: View) -> Section:
    """Customers by stage of life."""
    return _sizes(
        Section(
            "Where customers stand",
            f"Number of customers in each stage on {in_words(view.as_of.date())}; a lead never bought.",
        ),
        lambda: share_rows(view, _LIFECYCLE, _STAGES),
        "There are no customers yet.",
        "number of customers",
    )


def rfm_section(view: View) -> Section:
    """Buyers by recency, frequency and money."""
    return _sizes(
        Section(
            "Buyers by how recently, how often and how much they bought",
            f"Number of customers who bought at least once, by RFM group, on {in_words(view.as_of.date())}.",
        ),
        lambda: share_rows(view, _RFM, _GROUPS),
        "Nobody has bought yet.",
        "number of buyers",
    )


def segment_section(view: View) -> Section:
    """Segments by size."""
    section = Section(
        "Segments",
        f"Number of customers in each segment, and their share of all customers, on {in_words(view.as_of.date())}. "
        "Segments overlap.",
    )
    return _sizes(
        section,
        lambda: segment_rows(view),
        "No segment is defined yet: `dbt_project/models/segments/` has none.",
        "number of customers",
    )


def share_rows(view: View, sql: str, order: Sequence[str]) -> list[Row]:
    """One row per group in the order of `order`: label, value, text with the share. Raises NotPublished."""
    rows = read_rows(view.connection, sql)
    total = sum(row["value"] for row in rows)
    rows.sort(
        key=lambda row: (order.index(row["name"]) if row["name"] in order else len(order), str(row["name"]))
    )
    return [_bar(str(row["name"]).replace("_", " "), row["value"], total) for row in rows]


def segment_rows(view: View) -> list[Row]:
    """One row per segment, the largest first: label, value, text, is_within_band. Raises NotPublished."""
    return [
        {**_bar(row["name"], row["value"], row["everybody"]), "is_within_band": row["is_within_band"]}
        for row in read_rows(view.connection, _SEGMENTS)
    ]


def _bar(label: str, value: int, total: int) -> Row:
    share = f" ({per_cent(value / total, 1 if value / total < 0.1 else 0)})" if total else ""
    return {"label": label, "value": value, "text": count(value) + share}


def _sizes(section: Section, read: Callable[[], list[Row]], missing: str, title: str) -> Section:
    section, rows = or_why_not(section, read, missing)
    if not rows:
        return section
    if not any(row["value"] for row in rows):
        return section.without_anything("Nobody is in any of them yet.")
    odd = [row["label"] for row in rows if row.get("is_within_band") is False]
    notes = [f"Outside the size that was expected: {', '.join(odd)}."] if odd else []
    return replace(section, chart=draw(lambda width: ranked_bars(rows, width, title=title)), notes=notes)
