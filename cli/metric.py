"""`cdp metric`: every metric with its definition, and the values of one over any period and by any dimension it has."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date

import click
import duckdb
from rich.markup import escape

from cli.terminal import console, heading, table
from reports.errors import UnknownDimension
from reports.figures import figure, money, unit_in_words
from reports.metric_values import (
    Metric,
    MetricValue,
    find_metric,
    plain_name,
    read_dimensions,
    read_metrics,
    read_values,
    why_none,
)
from reports.periods import Grain, Period, chosen_period
from reports.published import read_as_of, read_currency, read_first_day
from warehouse.publishing import open_published
from warehouse.settings import Settings


@click.command()
@click.argument("name", required=False)
@click.option("--by", "dimension", help="Tell it apart by a dimension, such as channel.")
@click.option(
    "--since", help="First day: 2026, 2026-01 or 2026-01-15.  [default: 12 months, 13 weeks or 30 days]"
)
@click.option("--until", help="Last day, likewise.  [default: the newest published day]")
@click.option(
    "--grain",
    type=click.Choice(["day", "week", "month"]),
    help="One value for each.  [default: month; with --by one value for the whole period]",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values with all digits.")
def metric(
    name: str | None,
    dimension: str | None,
    since: str | None,
    until: str | None,
    grain: Grain | None,
    as_csv: bool,
) -> None:
    """Show the values of metric NAME, or list all metrics with what they mean.

    People are counted once in every period that is shown, so months do not add up to a year.

    \b
      cdp metric                                      all metrics
      cdp metric revenue --since 2026-01              by month
      cdp metric revenue --by channel --since 2026-01
      cdp metric new_customers --by acquisition_channel --grain month --csv
    """
    with open_published(Settings.load()) as connection:
        if name is None:
            _list(connection, as_csv)
            return
        found = find_metric(connection, name)
        if dimension and "," in dimension:
            raise UnknownDimension(
                f"--by takes one dimension, not several: ask for {dimension} one after the other."
            )
        dimension = plain_name(dimension) if dimension else None
        today, first_day = read_as_of(connection).date(), read_first_day(connection)
        period = chosen_period(since, until, grain or "month", today=today, first_day=first_day)
        shown = grain or (None if dimension else "month")
        values = read_values(connection, found, period, grain=shown, dimension=dimension)
        whole = read_values(connection, found, period)[0]
        currency = read_currency(connection)
    if as_csv:
        _print_csv(found, values, period, shown, dimension)
    else:
        _print(found, _ordered(values, shown, dimension), whole, period, shown, dimension, currency)
        if period.since == first_day:
            console.print("[dim]Nothing is known of earlier days.[/dim]")


def print_current(connection: duckdb.DuckDBPyConnection) -> None:
    """Every metric of the last 30 days and of the 30 before them."""
    heading("How the shop is doing (last 30 days, and the 30 before)")
    rows = connection.execute(
        "select title, unit, current_value, previous_value from metrics.metrics_current"
    ).fetchall()
    currency = read_currency(connection)
    figures = [[title, *(_shown(value, unit, currency) for value in both)] for title, unit, *both in rows]
    drawn = table(["figure", "now", "before"], figures)
    for column in drawn.columns[1:]:
        column.justify = "right"
    console.print(drawn)
    if any(now is None for _, _, now, _ in rows):
        console.print(
            "[dim]– where there was too little to count, or you have to supply something: `cdp metric NAME` says what.[/dim]"
        )


def _list(connection: duckdb.DuckDBPyConnection, as_csv: bool) -> None:
    dimensions = read_dimensions(connection)
    metrics = read_metrics(connection).values()
    if as_csv:
        rows = [[m.name, m.unit, m.better, m.formula, ", ".join(dimensions.get(m.name, ()))] for m in metrics]
        click.echo(_csv(["metric", "unit", "better", "formula", "--by"], rows), nl=False)
        return
    currency = read_currency(connection)
    told = [[m.name, unit_in_words(m.unit, currency), m.better, m.formula] for m in metrics]
    console.print(table(["metric", "unit", "better", "what it counts"], told))
    for names in sorted({", ".join(names) for names in dimensions.values()}):
        having = [name for name, its in dimensions.items() if ", ".join(its) == names]
        console.print(f"\n--by {names}:\n  {', '.join(having)}", soft_wrap=True)


def _ordered(values: list[MetricValue], grain: str | None, dimension: str | None) -> list[MetricValue]:
    """The largest first, where there is no order of time."""
    if grain or dimension == "cohort_month":
        return values
    return sorted(values, key=lambda v: (v.value is None, -(v.value or 0), v.part))


def _print(
    found: Metric,
    values: list[MetricValue],
    whole: MetricValue,
    period: Period,
    grain: str | None,
    dimension: str | None,
    currency: str,
) -> None:
    unit = f", in {unit_in_words(found.unit, currency)}" if found.unit != "count" else ""
    console.print(f"[bold]{found.title}[/bold], {period} (UTC){unit}")
    console.print(f"[dim]{found.formula}[/dim]")
    headers = [*([grain] if grain else []), *([dimension] if dimension else []), found.name]
    rows = [
        [*_keys(value, grain, dimension), _shown(value.value, found.unit, currency)]
        for value in [*values, whole]
    ]
    rows[-1] = ["all", *[""] * (len(headers) - 2), rows[-1][-1]]
    drawn = table(headers, rows)
    drawn.columns[-1].justify = "right"
    console.print(drawn)
    if why := why_none(found, [*values, whole]):
        console.print(f"[yellow]{escape(why)}[/yellow]", soft_wrap=True)
    if dimension == "segment":
        console.print("[dim]Segments are today's, and overlap: they do not add up.[/dim]")


def _print_csv(
    found: Metric, values: list[MetricValue], period: Period, grain: str | None, dimension: str | None
) -> None:
    headers = [
        grain or "since",
        *([] if grain else ["until"]),
        *([dimension] if dimension else []),
        found.name,
    ]
    rows = [
        [
            _start(value.since, grain),
            *([] if grain else [period.until]),
            *([value.part] if dimension else []),
            int(value.value) if found.unit == "count" and value.value is not None else value.value,
        ]
        for value in values
    ]
    click.echo(_csv(headers, rows), nl=False)


def _shown(value: float | None, unit: str, currency: str) -> str:
    return money(value, currency, cents=True) if unit == "money" else figure(value, unit, currency)


def _keys(value: MetricValue, grain: str | None, dimension: str | None) -> list[str]:
    return [*([_start(value.since, grain)] if grain else []), *([value.part] if dimension else [])]


def _start(day: date, grain: str | None) -> str:
    return f"{day:%Y-%m}" if grain == "month" else f"{day}"


def _csv(headers: list[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headers)
    writer.writerows(rows)
    return text.getvalue()
