"""Up to when a table has been pulled: the newest change seen, and how it is told to the vendor.

Values are compared as instants: texts with different time zones do not sort by time. Keeping them is dlt's work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from ingestion.declarations import Since


def newest_change(
    records: Iterable[object], column: str | None, since: Since, now: datetime
) -> datetime | None:
    """The latest instant at `column` of the records that is not after `now`.

    A date in the future, as some source always has one, would hide every change until then.
    """
    if column is None:
        return None
    values = (record.get(column) for record in records if isinstance(record, Mapping))
    instants = (to_instant(value, since) for value in values)
    return max((instant for instant in instants if instant and instant <= now), default=None)


def to_instant(value: object, since: Since) -> datetime | None:
    """A vendor's timestamp as UTC: ISO 8601 (UTC where it names no zone), or a number as `since.format` counts.

    None for what is no time; whether that row is good is judged when it is loaded.
    """
    try:
        if isinstance(value, int) or (isinstance(value, str) and value.isdecimal() and len(value) > 8):
            return datetime.fromtimestamp(int(value) / (1000 if since.format == "milliseconds" else 1), UTC)
        if isinstance(value, str):
            instant = datetime.fromisoformat(value)
            return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def told(instant: datetime | None, since: Since) -> str | None:
    """The instant as the vendor reads it, rounded down: nothing may fall between two pulls."""
    if instant is None:
        return None
    match since.format:
        case "date":
            return f"{instant:%Y-%m-%d}"
        case "seconds":
            return str(int(instant.timestamp()))
        case "milliseconds":
            return str(int(instant.timestamp()) * 1000)
        case _:
            return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def beginning(kept: str | None, since: Since) -> datetime | None:
    """From when to ask: the newest change kept from earlier pulls less the overlap, else the declared beginning."""
    if kept is not None:
        return datetime.fromisoformat(kept) - timedelta(hours=since.overlap_hours)
    return datetime.fromisoformat(since.first).replace(tzinfo=UTC) if since.first else None
