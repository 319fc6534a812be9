"""`cdp report`: everything an owner asks first as one page, from the published tables and the open alerts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from alerts import KINDS
from cli.terminal import console
from reports.health import OpenAlert
from reports.periods import chosen_period
from reports.published import read_as_of
from warehouse.connections import open_state
from warehouse.publishing import open_published
from warehouse.settings import Settings

_OPEN = "select kind, subject, sentence, since from platform.alerts where recovered_at is null order by since, subject"


@click.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    default=Path("report.html"),
    show_default=True,
    help="Where the page is written.",
)
@click.option("--since", help="First day of the charts: 2026, 2026-01 or 2026-01-15.  [default: 12 months]")
def report(out: Path, since: str | None) -> None:
    """Write the owner's report as one HTML page: it opens offline, prints, and names no person.

    Key figures with their change, revenue and customers by month, cohorts, funnel, attribution, channels, segments, and
    how far the data can be trusted.

    \b
      cdp report
      cdp report --since 2026-01 --out this-year.html
    """
    from reports.page import open_view, render_page  # the chart library takes a second to import

    settings = Settings.load()
    with open_published(settings) as connection:
        period = chosen_period(since, None, "month", today=read_as_of(connection).date())
        view = open_view(connection, period)
        text = render_page(view, _open_alerts(settings), made_at=datetime.now(UTC).replace(tzinfo=None))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    console.print(f"Written to {out}; open it in any browser.", soft_wrap=True)


def _open_alerts(settings: Settings) -> list[OpenAlert]:
    with open_state(settings) as connection:
        rows = connection.execute(_OPEN).fetchall()
    return [
        OpenAlert(f"{subject.partition(':')[2]} {KINDS[kind].raised}", sentence, since)
        for kind, subject, sentence, since in rows
    ]
