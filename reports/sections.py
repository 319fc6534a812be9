"""The parts of a page: a heading, a sentence that says what is counted, and a chart, a table, or why there is none.

Which figures a part shows is decided by the modules that build parts; how it looks, by the page's template.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import duckdb

from reports.chart_style import NARROW, WIDE, Drawn, Spec, to_svg
from reports.errors import NotPublished
from reports.periods import Period
from reports.published import Row

_LONG_TEXT = 16  # characters: what does not fit into a third of a phone's width in one or two lines


@dataclass(frozen=True)
class View:
    """What a page is about: the published tables, the period that is shown (UTC), and the shop's currency."""

    connection: duckdb.DuckDBPyConnection
    period: Period
    as_of: datetime
    currency: str


@dataclass(frozen=True)
class Table:
    """Rows of texts; `numbers` are the columns that stand to the right."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()

    @property
    def long(self) -> frozenset[int]:
        """Columns with a text that needs a line of its own on a phone."""
        return frozenset(
            place for row in self.rows for place, text in enumerate(row) if len(text) > _LONG_TEXT
        )


@dataclass(frozen=True)
class Section:
    """One part. `counts` says what is counted, in which unit, from when to when; `empty` why there is nothing."""

    title: str
    counts: str
    chart: Drawn | None = None
    table: Table | None = None
    empty: str = ""
    notes: Sequence[str] = field(default_factory=tuple)

    def without_anything(self, why: str) -> Section:
        return replace(self, empty=why)


def draw(spec_of: Callable[[int], Spec]) -> Drawn:
    """A chart in both widths."""
    return Drawn(to_svg(spec_of(WIDE)), to_svg(spec_of(NARROW)))


def or_why_not(
    section: Section, read: Callable[[], Sequence[Row]], missing: str
) -> tuple[Section, Sequence[Row]]:
    """The rows, and the section with the sentence for their absence: no such table, or `missing` when it is empty."""
    try:
        rows = read()
    except NotPublished as error:
        return section.without_anything(str(error)), []
    return (section, rows) if rows else (section.without_anything(missing), [])
