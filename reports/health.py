"""The parts of the report about the data itself: does it add up, how fresh and how good is it, and what is wrong.

What is wrong comes from the caller: alerts are state, not published tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reports.figures import NOTHING, count, money, per_cent
from reports.periods import in_words
from reports.published import Row, read_rows
from reports.sections import Section, Table, View, or_why_not

_RECONCILIATION = """
    select source, measure, currency, compared_with, their_total::double as theirs, our_total::double as ours,
        difference::double as difference, class, explanation
    from metrics.reconciliation
    order by class <> 'unexplained', class = 'not in the marts', class = 'equal', source, measure, compared_with
"""
_FRESHNESS = """
    select source, max(loaded_at) as loaded_at, max(max_event_at) as newest_at,
        sum(rows_loaded)::bigint as loaded, sum(rows_rejected)::bigint as rejected
    from raw.loads where status = 'loaded' group by source order by source
"""
_QUALITY = """
    select source, count(*) as records, avg(score) as score, sum(valid_count) / nullif(sum(filled_count), 0) as usable,
        avg(completeness) as completeness, avg(freshness) as freshness
    from quality.data_quality_records group by source order by score, source
"""


@dataclass(frozen=True)
class OpenAlert:
    """Something that is wrong now; `since` is naive UTC."""

    subject: str
    sentence: str
    since: datetime


def alert_section(alerts: Sequence[OpenAlert]) -> Section:
    """What needs a person."""
    section = Section("Open alerts", "What is wrong now, and since when (UTC).")
    if not alerts:
        return section.without_anything("No alert is open: nothing that is watched needs a person.")
    rows = [[alert.subject, alert.sentence, f"{alert.since:%Y-%m-%d %H:%M}"] for alert in alerts]
    return replace(section, table=Table(["What", "Why", "Since"], rows))


def reconciliation_section(view: View) -> Section:
    """Totals of the sources against ours."""
    section = Section(
        "Do our totals agree with the sources'?",
        "What each source delivered or states itself, everything up to this run, against our tables; and what a difference "
        "consists of. Amounts in the source's currency, all else as numbers.",
    )
    section, rows = or_why_not(
        section,
        lambda: read_rows(view.connection, _RECONCILIATION),
        "No source has declared totals (`control_totals` in its file), so there is nothing to compare.",
    )
    if not rows:
        return section
    headers = ["Source", "What", "Theirs", "Ours", "Difference", "Verdict"]
    table = Table(headers, [_compared(row) for row in rows], frozenset({2, 3, 4}))
    return replace(section, table=table)


def _compared(row: Row) -> list[str]:
    def shown(value: float) -> str:
        return money(value, row["currency"], cents=True) if row["currency"] else count(value)

    return [
        row["source"],
        f"{row['measure']}, {row['compared_with']}",
        shown(row["theirs"]),
        shown(row["ours"]),
        shown(row["difference"]) if row["difference"] else "0",
        _verdict(row["class"], row["explanation"] or ""),
    ]


def _verdict(name: str, explanation: str) -> str:
    # one reason says it all; of several, the explanation tells how much each adds, the largest among them
    if "," not in explanation:
        return name
    return explanation if name in explanation else f"{name}: {explanation}"


def freshness_section(view: View) -> Section:
    """When each source was last loaded, and how new what it tells is."""
    section = Section(
        "How fresh the data is",
        "When each source was last loaded, its newest event, and how many days before the end of "
        f"{in_words(view.as_of.date())} (UTC) that was: the event, or the load where rows tell no time. "
        "Rows of all deliveries so far.",
    )
    section, rows = or_why_not(
        section, lambda: read_rows(view.connection, _FRESHNESS), "Nothing has been loaded yet."
    )
    if not rows:
        return section
    headers = ["Source", "Last loaded", "Newest event", "Days ago", "Rows", "Rejected rows"]
    return replace(section, table=Table(headers, [_fresh(row, view) for row in rows], frozenset({3, 4, 5})))


def _fresh(row: Row, view: View) -> list[str]:
    newest = row["newest_at"] or row["loaded_at"]
    return [
        row["source"],
        _moment(row["loaded_at"]),
        _moment(row["newest_at"]),
        count(max(0, (view.as_of - newest).days)),
        count(row["loaded"]),
        count(row["rejected"]),
    ]


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else NOTHING


def quality_section(view: View) -> Section:
    """How good the records of each source are."""
    section = Section(
        "How good the data is",
        f"Records that describe people, by source, on {in_words(view.as_of.date())}, the weakest first. Score = mean of "
        "completeness, usable details and freshness, per cent.",
    )
    section, rows = or_why_not(
        section,
        lambda: read_rows(view.connection, _QUALITY),
        "No source has delivered records of people yet.",
    )
    if not rows:
        return section
    headers = ["Source and list", "Records", "Score", "Complete", "Usable details", "Fresh"]
    shown = [
        [
            row["source"].replace("_", " "),
            count(row["records"]),
            *(per_cent(row[key]) for key in ("score", "completeness", "usable", "freshness")),
        ]
        for row in rows
    ]
    return replace(section, table=Table(headers, shown, frozenset(range(1, 6))))
