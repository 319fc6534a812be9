"""An alert, and what is said when it is raised and when it has recovered, in words and as data.

Pure text; sending it is done in `channels.py`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote

from alerts.conditions import KINDS

Event = Literal["raised", "recovered"]


@dataclass(frozen=True, slots=True)
class Alert:
    """One time that something was wrong; times are naive UTC, `recovered_at` is None while it lasts."""

    alert_id: str
    kind: str
    subject: str
    sentence: str
    since: datetime
    raised_at: datetime
    recovered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell: that an alert was raised, or that it has recovered."""

    alert: Alert
    event: Event

    @property
    def key(self) -> str:
        """The same for every attempt to tell this, and for nothing else; fit for a header."""
        return quote(f"{self.alert.alert_id}:{self.event}", safe=":")

    @property
    def headline(self) -> str:
        """One line: who, and what."""
        kind = KINDS[self.alert.kind]
        said = kind.raised if self.event == "raised" else kind.recovered
        return one_line(f"{self.alert.subject.replace(':', ' ').capitalize()} {said}")

    @property
    def text(self) -> str:
        """What an owner reads: what is wrong, since when, what to do."""
        alert = self.alert
        if self.event == "raised" or alert.recovered_at is None:
            return (
                f"{self.headline}.\n\n{one_line(alert.sentence)}\n\nSince: {_said(alert.since)}\n"
                f"What to do: {KINDS[alert.kind].advice}\n\nYou will be told once more, when this has ended.\n"
            )
        lasted = _lasted(alert.recovered_at - alert.since)
        return (
            f"{self.headline}.\n\nIt lasted {lasted}, from {_said(alert.since)} to {_said(alert.recovered_at)}. "
            f"What was found then: {one_line(alert.sentence)}\n\nThere is nothing to do.\n"
        )

    def as_json(self) -> dict[str, str | None]:
        """The same for programs; times as ISO 8601 in UTC. `text` is what chat tools show."""
        alert = self.alert
        return {
            "event": self.event,
            "alert_id": alert.alert_id,
            "kind": alert.kind,
            "subject": alert.subject,
            "headline": self.headline,
            "sentence": alert.sentence,
            "advice": KINDS[alert.kind].advice if self.event == "raised" else None,
            "since": _iso(alert.since),
            "raised_at": _iso(alert.raised_at),
            "recovered_at": _iso(alert.recovered_at) if self.event == "recovered" else None,
            "text": self.text,
        }


def key_of(notices: Sequence[Notice]) -> str:
    """As Notice.key, for several that are told in one message."""
    return "+".join(notice.key for notice in notices)


def headline_of(notices: Sequence[Notice]) -> str:
    """One line for several notices: how many of them are bad news and how many good."""
    if len(notices) == 1:
        return notices[0].headline
    raised = sum(notice.event == "raised" for notice in notices)
    parts = [(raised, "new to look at"), (len(notices) - raised, "right again")]
    return ", ".join(f"{number} {what}" for number, what in parts if number)


def text_of(notices: Sequence[Notice]) -> str:
    """Several notices in one message: what they are about first, then one after the other."""
    if len(notices) == 1:
        return notices[0].text
    contents = "".join(f"- {notice.headline}\n" for notice in notices)
    return f"{contents}\n" + "\n----\n\n".join(notice.text for notice in notices)


def one_line(text: str) -> str:
    """Text without line breaks and control characters: names of files come from outside, and headers end at a line."""
    plain = "".join(" " if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") else sign for sign in text)
    return " ".join(plain.split())


def _said(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def _lasted(span: timedelta) -> str:
    span = max(span, timedelta())
    hours = span // timedelta(hours=1)
    number, unit = (
        (hours // 24, "day") if hours >= 48 else (hours, "hour") if hours else (span.seconds // 60, "minute")
    )
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _iso(moment: datetime | None) -> str | None:
    return f"{moment.isoformat(timespec='seconds')}Z" if moment else None
