"""Periods of days as people write them (2026, 2026-01, 2026-01-31) and as they read them.

Both ends belong to a period. Which period suits a question when nobody says, is decided here, too.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from reports.errors import BadPeriod

Grain = Literal["day", "week", "month"]
# how many of a grain are shown when nobody says since when
_USUAL = {"day": 30, "week": 13, "month": 12}


@dataclass(frozen=True)
class Period:
    """Days from `since` to `until`, both included."""

    since: date
    until: date

    def __str__(self) -> str:
        return f"{in_words(self.since)} – {in_words(self.until)}"

    @property
    def first_month(self) -> date:
        """The first day of the month in which the period begins: monthly tables are shown by whole months."""
        return self.since.replace(day=1)

    @property
    def in_months(self) -> str:
        """The period where whole months are counted."""
        return str(Period(self.first_month, self.until))


def in_words(day: date) -> str:
    """31 Oct 2026."""
    return f"{day.day} {calendar.month_abbr[day.month]} {day.year}"


def month_label(day: date) -> str:
    """Oct 26, for the axis of a chart."""
    return f"{calendar.month_abbr[day.month]} {day.year % 100:02}"


def chosen_period(
    since: str | None, until: str | None, grain: Grain, *, today: date, first_day: date | None = None
) -> Period:
    """The period asked for; without an end it ends today, without a start it shows 12 months, 13 weeks or 30 days.

    It begins on `first_day` at the earliest: of what was before, nothing is known, which is not the same as none.
    Raises BadPeriod.
    """
    last = min(read_day(until, is_end=True), today) if until else today
    first = read_day(since, is_end=False) if since else usual_start(last, grain)
    if first > last:
        raise BadPeriod(
            f"The period begins on {in_words(first)}, after its end on {in_words(last)}"
            f"{' (the newest published day)' if last == today else ''}. Choose an earlier --since."
        )
    if first_day and last < first_day:
        raise BadPeriod(f"Nothing is known of the time before {in_words(first_day)}. Choose a later --until.")
    return Period(max(first, first_day or first), last)


def first_of_months(last: date, months: int) -> date:
    """The first day of so many months of which `last` lies in the last."""
    place = last.year * 12 + last.month - months
    return date(place // 12, place % 12 + 1, 1)


def usual_start(last: date, grain: Grain) -> date:
    """The first day of the period that is shown when nobody says since when."""
    if grain == "month":
        return first_of_months(last, _USUAL["month"])
    if grain == "week":
        return last - timedelta(days=last.weekday(), weeks=_USUAL["week"] - 1)
    return last - timedelta(days=_USUAL["day"] - 1)


def read_day(text: str, *, is_end: bool) -> date:
    """The first or last day of what was written: a year, a month or a day. Raises BadPeriod."""
    found = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", text.strip())
    try:
        if not found:
            raise ValueError
        year, month, day = int(found[1]), found[2], found[3]
        if not is_end:
            return date(year, int(month or 1), int(day or 1))
        last_month = int(month or 12)
        return date(year, last_month, int(day or calendar.monthrange(year, last_month)[1]))
    except ValueError as error:  # also calendar's IllegalMonthError
        raise BadPeriod(
            f"{text!r} is no date. Write a year, a month or a day: 2026, 2026-01 or 2026-01-31."
        ) from error
