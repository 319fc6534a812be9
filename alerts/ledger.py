"""What is open and who was told what, in the durable state: written before anything is sent, settled after.

The only module with SQL on these tables; no network is used while a connection is held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import duckdb

from alerts.conditions import Condition
from alerts.notices import Alert, Notice
from warehouse.connections import transaction

Outcome = Literal["sent", "waiting", "unknown"]

INTERRUPTED = "the run ended while it was being sent"
_ALERT_COLUMNS = "alert_id, kind, subject, sentence, since, raised_at, recovered_at"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice on its way through a channel."""

    notice: Notice
    channel: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs from the run before: `raised` and `recovered` now, and what is `still_open`.

    `interrupted` was being sent when a run was killed, and must not be sent again.
    """

    raised: tuple[Alert, ...]
    recovered: tuple[Alert, ...]
    still_open: tuple[Alert, ...]
    interrupted: tuple[Delivery, ...] = ()


def compare(connection: duckdb.DuckDBPyConnection, conditions: Sequence[Condition], now: datetime) -> Changes:
    """What the conditions change in what is open; nothing is written. One condition per subject and kind."""
    found = {(condition.subject, condition.kind): condition for condition in conditions}
    open_alerts = _read_alerts(connection, "recovered_at is null")
    known = {(alert.subject, alert.kind) for alert in open_alerts}
    return Changes(
        raised=tuple(_raise(connection, found[key], now) for key in found if key not in known),
        recovered=tuple(
            replace(alert, recovered_at=now)
            for alert in open_alerts
            if (alert.subject, alert.kind) not in found
        ),
        still_open=tuple(
            replace(alert, sentence=found[alert.subject, alert.kind].sentence)
            for alert in open_alerts
            if (alert.subject, alert.kind) in found
        ),
    )


def record(
    connection: duckdb.DuckDBPyConnection,
    conditions: Sequence[Condition],
    channels: Mapping[str, bool],
    now: datetime,
) -> Changes:
    """Write what has changed and what is to be told through the channels (name → whether repeating is safe).

    All in one transaction. What a killed run was sending is told again only where repeating is safe.
    """
    with transaction(connection):
        changes = compare(connection, conditions, now)
        for alert in (*changes.raised, *changes.still_open, *changes.recovered):
            _write(connection, alert, now)
        interrupted: list[Delivery] = []
        for channel, repeats_safely in channels.items():
            interrupted += _resume(connection, channel, repeats_safely)
            _enqueue(connection, channel, changes)
    return replace(changes, interrupted=tuple(interrupted))


def read_due(connection: duckdb.DuckDBPyConnection, channels: Sequence[str]) -> list[Delivery]:
    """What waits to be told through these channels, the oldest alert first."""
    return _read_deliveries(connection, "waiting", channels)


def begin(connection: duckdb.DuckDBPyConnection, deliveries: Sequence[Delivery], now: datetime) -> None:
    """Record the intent, so that a run that is killed while sending is known to have been sending."""
    _update(connection, deliveries, "status = 'sending', attempts = attempts + 1, tried_at = ?", [now])


def settle(
    connection: duckdb.DuckDBPyConnection,
    deliveries: Sequence[Delivery],
    outcome: Outcome,
    problem: str | None,
    now: datetime,
) -> None:
    """Record how sending ended; `waiting` is tried again by the next run."""
    sent_at = now if outcome == "sent" else None
    _update(connection, deliveries, "status = ?, problem = ?, sent_at = ?", [outcome, problem, sent_at])


def _update(
    connection: duckdb.DuckDBPyConnection,
    deliveries: Sequence[Delivery],
    assignments: str,
    values: list[object],
) -> None:
    with transaction(connection):
        for delivery in deliveries:
            notice = delivery.notice
            connection.execute(
                f"update platform.alert_notices set {assignments} where alert_id = ? and event = ? and channel = ?",
                [*values, notice.alert.alert_id, notice.event, delivery.channel],
            )


def _read_alerts(connection: duckdb.DuckDBPyConnection, condition: str) -> list[Alert]:
    rows = connection.execute(
        f"select {_ALERT_COLUMNS} from platform.alerts where {condition} order by raised_at, alert_id"
    ).fetchall()
    return [Alert(*row) for row in rows]


def _raise(connection: duckdb.DuckDBPyConnection, condition: Condition, now: datetime) -> Alert:
    earlier = connection.execute(
        "select count(*) from platform.alerts where subject = ? and kind = ?",
        [condition.subject, condition.kind],
    ).fetchall()[0][0]
    return Alert(
        alert_id=f"{condition.kind}:{condition.subject}:{earlier + 1}",
        kind=condition.kind,
        subject=condition.subject,
        sentence=condition.sentence,
        since=condition.since,
        raised_at=now,
    )


def _write(connection: duckdb.DuckDBPyConnection, alert: Alert, now: datetime) -> None:
    seen_at = alert.recovered_at is None
    connection.execute(
        "insert into platform.alerts (alert_id, kind, subject, sentence, since, raised_at, seen_at, recovered_at) "
        "values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (alert_id) do update set sentence = excluded.sentence, "
        "recovered_at = excluded.recovered_at, seen_at = if(?, excluded.seen_at, seen_at)",
        [
            alert.alert_id,
            alert.kind,
            alert.subject,
            alert.sentence,
            alert.since,
            alert.raised_at,
            now,
            alert.recovered_at,
            seen_at,
        ],
    )


def _read_deliveries(
    connection: duckdb.DuckDBPyConnection, status: str, channels: Sequence[str]
) -> list[Delivery]:
    rows = connection.execute(
        f"select {_ALERT_COLUMNS}, event, channel from platform.alert_notices join platform.alerts using (alert_id) "
        "where status = ? and list_contains(?, channel) order by raised_at, alert_id, event, channel",
        [status, list(channels)],
    ).fetchall()
    return [Delivery(Notice(Alert(*row[:-2]), row[-2]), row[-1]) for row in rows]


def _resume(connection: duckdb.DuckDBPyConnection, channel: str, repeats_safely: bool) -> list[Delivery]:
    """Settle what a killed run was sending; returns what is therefore never sent again."""
    interrupted = [] if repeats_safely else _read_deliveries(connection, "sending", [channel])
    connection.execute(
        "update platform.alert_notices set status = ?, problem = ? where status = 'sending' and channel = ?",
        ["waiting" if repeats_safely else "unknown", INTERRUPTED, channel],
    )
    return interrupted


def _enqueue(connection: duckdb.DuckDBPyConnection, channel: str, changes: Changes) -> None:
    """Every open alert was or will be told here, also by a channel that was declared later; so is every recovery.

    A raising that never got through is not worth telling once it is over: the recovery says all of it.
    """
    connection.execute(
        "insert into platform.alert_notices (alert_id, event, channel, status, attempts) "
        "select alert_id, 'raised', ?, 'waiting', 0 from platform.alerts where recovered_at is null "
        "on conflict do nothing",
        [channel],
    )
    over = [alert.alert_id for alert in changes.recovered]
    connection.execute(
        "insert into platform.alert_notices (alert_id, event, channel, status, attempts) "
        "select unnest(?::text[]), 'recovered', ?, 'waiting', 0 on conflict do nothing",
        [over, channel],
    )
    connection.execute(
        "update platform.alert_notices set status = 'superseded' "
        "where event = 'raised' and status = 'waiting' and channel = ? and list_contains(?::text[], alert_id)",
        [channel, over],
    )
