"""When a delivery was made, as its name tells: the date in the file's name, or in the folders it lies in.

Only names are looked at here; what a delivery without a date counts as is decided by the loader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

_MONTH = r"(?P<month>0[1-9]|1[0-2])"
_DAY = r"(?P<day>0[1-9]|[12]\d|3[01])"
_YEAR = r"(?<!\d)(?P<year>(?:19|20)\d\d)"
# `T235959`, `_23-59-59`, `T23:59`: six digits, or two or three pairs after a T; `_1` and `_02` are numbers of parts
_TIME = (
    r"(?:(?:[T_ -]?|_at_)(?P<hour>[01]\d|2[0-3])(?P<colon>[-:.]?)(?P<minute>[0-5]\d)(?P=colon)(?P<second>[0-5]\d)"
    r"|T(?P<hour2>[01]\d|2[0-3])[-:.]?(?P<minute2>[0-5]\d))?Z?(?!\d)"
)
_DATED = (
    re.compile(rf"{_YEAR}(?P<part>[-_.]?){_MONTH}(?P=part){_DAY}{_TIME}", re.IGNORECASE),
    re.compile(rf"{_YEAR}[-_]?Q(?P<quarter>[1-4])(?!\d)", re.IGNORECASE),
    re.compile(rf"{_YEAR}-{_MONTH}(?!\d)"),
)
_FOLDER = re.compile(r"(?:(?P<unit>year|month|day|hour)=)?(?P<number>\d{1,4})", re.IGNORECASE)
_UNITS = ("year", "month", "day", "hour")


def date_in_name(file: str) -> datetime | None:
    """The time a path relative to landing carries (naive; midnight, or the first day, of what is left open), or None.

    The file's own name goes before its folders; of two dates (`orders_2026-01-01_2026-01-31`) the last one counts.
    """
    folders, _, name = file.rpartition("/")
    parts = folders.split("/")[1:]  # the first is the source's own
    for text in (name, *reversed(parts)):
        found = [time for time in _dates(text) if time]
        if found:
            return found[-1]
    return _date_of_folders(parts)


def _dates(text: str) -> Iterator[datetime | None]:
    for pattern in _DATED:
        matches = list(pattern.finditer(text))
        if matches:
            yield from (_time(match.groupdict()) for match in matches)
            return


def _time(found: dict[str, str | None]) -> datetime | None:
    """The time of the matched parts; None for a day that the month does not have."""
    quarter = found.get("quarter")
    month = 3 * int(quarter) - 2 if quarter else int(found.get("month") or 1)
    hour, minute = found.get("hour") or found.get("hour2"), found.get("minute") or found.get("minute2")
    day, second = found.get("day") or 1, found.get("second")
    try:
        return datetime(
            int(found["year"] or 0), month, int(day), int(hour or 0), int(minute or 0), int(second or 0)
        )
    except ValueError:
        return None


def _date_of_folders(parts: list[str]) -> datetime | None:
    """`year=2026/month=10/day=31` or `2026/10/31`, from the first folder that is a year on."""
    numbers: list[int] = []
    for part in parts:
        match = _FOLDER.fullmatch(part)
        unit = _UNITS[len(numbers)] if len(numbers) < len(_UNITS) else None
        if match is None or unit is None or (match["unit"] or unit).lower() != unit:
            if numbers:
                break
        elif numbers or len(match["number"]) == 4:
            numbers.append(int(match["number"]))
    year, month, day, hour = (*numbers, *(0, 1, 1, 0)[len(numbers) :])
    try:
        return datetime(year, month, day, hour) if numbers else None
    except ValueError:
        return None
