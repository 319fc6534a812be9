"""One round of telling: what is wrong now is compared with what is open, and only the difference is told.

The state is opened for moments, never while a network is waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

import duckdb

from alerts import ledger
from alerts.channels import Channel, open_channels
from alerts.conditions import Condition, merge
from alerts.errors import AlertError, MaybeSent
from alerts.ledger import Changes, Delivery, Outcome
from alerts.notices import Notice
from alerts.reports import AlertReport, Told

OpenState = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]


def notify(
    open_state: OpenState,
    conditions: Iterable[Condition],
    *,
    environ: Mapping[str, str],
    now: datetime,
    dry_run: bool = False,
) -> AlertReport:
    """Tell what has begun and what has ended since the last round, once each, through the log and the declared channels.

    `conditions` is everything that is wrong now: what is not among them any more has recovered. `now` is naive UTC. A
    channel that fails is in the report's `problems` and tried again by the next round; nothing is raised for it. With
    `dry_run` nothing is written or sent. The caller holds the run's lock: two rounds at once would tell twice.
    """
    channels = {channel.name: channel for channel in open_channels(environ)}
    merged = merge(conditions)
    with open_state() as state:
        if dry_run:
            changes = ledger.compare(state, merged, now)
            return _report(changes, _would_tell(changes, channels, ledger.read_due(state, list(channels))))
        safety = {name: channel.repeats_safely for name, channel in channels.items()}
        changes = ledger.record(state, merged, safety, now)
        due = ledger.read_due(state, list(channels))
    report = _report(changes, due)
    report.told += [Told(delivery, "unknown", ledger.INTERRUPTED) for delivery in changes.interrupted]
    for channel in channels.values():
        news = [delivery for delivery in due if delivery.channel == channel.name]
        for start in range(0, len(news), channel.most_at_once):
            report.told += _tell(open_state, channel, news[start : start + channel.most_at_once], now)
    return report


def _tell(open_state: OpenState, channel: Channel, news: Sequence[Delivery], now: datetime) -> list[Told]:
    """Send one message."""
    with open_state() as state:
        ledger.begin(state, news, now)
    outcome, problem = _send(channel, news)
    with open_state() as state:
        ledger.settle(state, news, outcome, problem, now)
    return [Told(delivery, outcome, problem) for delivery in news]


def _send(channel: Channel, news: Sequence[Delivery]) -> tuple[Outcome, str | None]:
    try:
        channel.send(*(delivery.notice for delivery in news))
    except MaybeSent as error:
        return "unknown", str(error)
    except AlertError as error:
        return "waiting", str(error).rstrip(".")
    return "sent", None


def _would_tell(
    changes: Changes, channels: Mapping[str, Channel], waiting: Sequence[Delivery]
) -> list[Delivery]:
    over = {alert.alert_id for alert in changes.recovered}
    news = [Notice(alert, "raised") for alert in changes.raised]
    news += [Notice(alert, "recovered") for alert in changes.recovered]
    again = [delivery for delivery in waiting if delivery.notice.alert.alert_id not in over]
    return again + [Delivery(notice, name) for notice in news for name in channels]


def _report(changes: Changes, due: list[Delivery]) -> AlertReport:
    return AlertReport(changes.raised, changes.recovered, changes.still_open, due)
