"""`cdp reconcile`: every total that a source delivered or states, beside ours, with why they differ and what to do.

The comparison is made by the models in each run; here it is shown.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import Literal

import click

from cli.terminal import console, table
from reports.figures import count, money
from reports.published import read_as_of
from reports.reconciled import NOT_IN_MARTS, UNEXPLAINED, Compared, read_compared
from warehouse.publishing import open_published
from warehouse.settings import Settings


@click.command()
@click.argument("source", required=False)
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True
)
def reconcile(source: str | None, form: Literal["table", "json", "csv"]) -> int:
    """Compare the totals of every SOURCE with ours, as of the last run.

    Each source's own figures (delivered: added up from its files; stated: what the tool says of its accounts) beside
    those of our tables, the difference by reason, and what to do. Ends with status 1 when a difference is not explained.

    \b
      cdp reconcile                     all sources
      cdp reconcile shopify             one
      cdp reconcile --format csv        with all digits
    """
    with open_published(Settings.load()) as connection:
        rows, as_of = read_compared(connection, source), read_as_of(connection)
    if not rows:
        of = f"The source {source!r} has" if source else "No source has"
        raise click.UsageError(
            f"{of} nothing to compare: declare `control_totals` in ingestion/sources/, then `cdp run`."
        )
    if form == "json":
        click.echo(json.dumps([asdict(row) for row in rows], indent=2))
    elif form == "csv":
        click.echo(_csv(rows), nl=False)
    else:
        _print(rows, f"{as_of:%Y-%m-%d %H:%M}")
    return int(any(row.verdict == UNEXPLAINED for row in rows))


def _print(rows: list[Compared], as_of: str) -> None:
    console.print(f"[bold]Totals of the sources and ours[/bold], everything up to {as_of} UTC")
    headers = ["source", "measure", "theirs", "ours", "difference", "why"]
    drawn = table(headers, [_row(row) for row in rows])
    for place in (2, 3, 4):
        drawn.columns[place].justify = "right"
    console.print(drawn)
    for step in dict.fromkeys(row.next_step for row in rows if row.next_step):
        verdicts = {row.verdict for row in rows if row.next_step == step}
        colour = "yellow" if verdicts & {UNEXPLAINED, NOT_IN_MARTS, "rejected rows"} else "dim"
        console.print(f"[{colour}]{', '.join(sorted(verdicts))}[/{colour}]: {step}", soft_wrap=True)


def _row(row: Compared) -> list[str]:
    def shown(value: float) -> str:
        return money(value, row.currency, cents=True) if row.currency else count(value)

    why = row.reasons if "," in row.reasons else row.verdict
    if row.verdict == UNEXPLAINED:
        told = f"; {row.reasons}" if row.reasons else ""
        why = f"{shown(row.unexplained)} unexplained{told}"
    difference = shown(row.difference) if row.difference else "0"
    return [
        row.source,
        f"{row.measure}, {row.compared_with}",
        shown(row.theirs),
        shown(row.ours),
        difference,
        why,
    ]


def _csv(rows: list[Compared]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(asdict(rows[0])), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return text.getvalue()
