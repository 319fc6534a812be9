"""`cdp alerts`: what is wrong now, who was told, and a way to try the channels out."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click

from alerts import KINDS, Alert, Notice
from alerts.channels import open_channels
from alerts.errors import AlertError
from cli.help import Group
from cli.terminal import console, table
from warehouse.connections import open_state
from warehouse.settings import Settings


@click.group(cls=Group)
def alerts() -> None:
    """What is wrong, and who was told.

    Every run tells once when something begins to be wrong and once when it is right again: in its log, and through
    the channels that the environment declares.

    \b
      CDP_ALERT_WEBHOOK_URL     a webhook that takes JSON (CDP_ALERT_WEBHOOK_SECRET signs it)
      CDP_ALERT_SMTP_URL        smtp://user:password@host:587, with CDP_ALERT_MAIL_FROM and CDP_ALERT_MAIL_TO
    """


@alerts.command("list")
@click.option("--all", "everything", is_flag=True, help="Also what is right again.")
def list_alerts(everything: bool) -> None:
    """What is wrong now, since when, and through which channels it was told."""
    with open_state(Settings.load()) as connection:
        rows = connection.execute(
            """
            select a.kind, a.subject, a.since, a.recovered_at, a.sentence,
                string_agg(n.channel || ' ' || n.status, ', ' order by n.channel) filter (n.event = 'raised')
            from platform.alerts a left join platform.alert_notices n using (alert_id)
            where $everything or a.recovered_at is null
            group by all order by a.recovered_at nulls first, a.since desc
            """,
            {"everything": everything},
        ).fetchall()
    if not rows:
        console.print("Nothing is wrong.")
        return
    shown = [
        [
            subject,
            KINDS[kind].raised,
            f"{since:%Y-%m-%d %H:%M}",
            f"{over:%Y-%m-%d %H:%M}" if over else "still",
            told,
            why,
        ]
        for kind, subject, since, over, why, told in rows
    ]
    console.print(table(["what", "how", "since (UTC)", "until", "told", "why"], shown))


@alerts.command("test")
def test_channels() -> None:
    """Send a test message through every channel, and say what came of it. Nothing is recorded."""
    now = datetime.now(UTC).replace(tzinfo=None)
    alert = Alert(
        f"test:{now:%Y%m%dT%H%M%S}", "late", "source:test", "This is only a test; nothing is wrong.", now, now
    )
    failed = False
    for channel in open_channels(os.environ):
        try:
            channel.send(Notice(alert, "raised"))
            console.print(f"[green]✓[/green] {channel.name}: sent")
        except AlertError as error:
            failed = True
            console.print(f"[red]✗[/red] {channel.name}: {error}")
    if failed:
        raise click.exceptions.Exit(1)
