"""`cdp identity evaluate`: how good the matching is, measured on a labelled file or on the pretend shop's last run.

Measuring is the identity room's work; here is what is asked and how the answer looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.terminal import console, heading, progress_bars, table
from identity.errors import TruthUnreadable
from identity.evaluation import (
    METHODS,
    hold_floors,
    measure_methods_against,
    read_truth,
    resolved_clusters,
)
from identity.labelled import load, name_columns, read_columns
from identity.mistakes import OverMerge, over_merges
from identity.resolver import resolve
from identity.sweep import SweepPoint, sweep
from warehouse.connections import open_warehouse
from warehouse.publishing import open_published
from warehouse.scratch import open_scratch
from warehouse.settings import Settings

MERGES_SHOWN = 20
_SHARES = (
    "precision",
    "recall",
    "f1",
    "b_cubed_precision",
    "b_cubed_recall",
    "b_cubed_f1",
    "exact_cluster_rate",
)
_COUNTS = ("largest_cluster", "over_merges", "records", "persons", "customers")


@dataclass(frozen=True)
class _Measured:
    title: str
    methods: Mapping[str, Mapping[str, float]]
    merges: Sequence[OverMerge]
    points: Sequence[SweepPoint] = field(default=())


@click.command()
@click.option(
    "--records",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV or Parquet file of records that says who is who.",
)
@click.option("--truth", metavar="COLUMN", help="The column that says who is who; known by usual names else.")
@click.option(
    "--map", "named", multiple=True, metavar="OURS=THEIRS", help="Name a column; parts are joined with +."
)
@click.option(
    "--floor",
    "floors",
    multiple=True,
    metavar="FIGURE=LEAST",
    help="Fail where a figure falls below, as in f1=0.95.",
)
@click.option("--page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page with charts too.")
def evaluate(
    records: Path | None,
    truth: str | None,
    named: tuple[str, ...],
    floors: tuple[str, ...],
    page: Path | None,
) -> None:
    """Measure the matching: precision, recall and F1 over pairs and B-cubed, exact clusters, wrong merges by name.

    With --records the file is resolved in a throw-away warehouse, with shipped settings and a model learnt from it.
    Without, the last run is measured against the pretend shop's truth. Nothing is written but the page.

    \b
      cdp identity evaluate --records people.csv --truth person_id
      cdp identity evaluate --records people.csv --map street=house_no+road --map loyalty_id=member
      cdp identity evaluate --page quality.html --floor precision=0.99
    """
    if records is None and (truth or named):
        raise click.UsageError("--truth and --map name columns of a file: give one with --records.")
    least = _floors(floors)
    settings = Settings.load()
    measured = _file(settings, records, truth, named, page) if records else _last_run(settings, page)
    _show(measured)
    if page is not None:
        from identity.evaluation_page import render_page  # the chart library takes a second to import

        now = datetime.now(UTC).replace(tzinfo=None)
        html = render_page(measured.title, measured.methods, measured.points, measured.merges, made_at=now)
        page.write_text(html, encoding="utf-8")
        click.echo(f"Written to {page}; open it in any browser.")
    hold_floors(measured.methods[METHODS[0]], least)


def _floors(assignments: tuple[str, ...]) -> dict[str, float]:
    floors = {}
    for assignment in assignments:
        name, _, text = (part.strip() for part in assignment.partition("="))
        try:
            floors[name] = float(text)
        except ValueError as error:
            raise click.UsageError(
                f"--floor needs FIGURE=LEAST, as in --floor f1=0.95, not {assignment!r}."
            ) from error
        if name not in _SHARES:
            raise click.UsageError(f"--floor knows {', '.join(_SHARES)}, not {name!r}.")
    return floors


def _file(
    settings: Settings, file: Path, truth: str | None, named: tuple[str, ...], page: Path | None
) -> _Measured:
    with open_scratch(settings) as connection:
        columns, answer = name_columns(read_columns(connection, file), _named(named), truth)
        people = load(connection, file, columns, answer)
        pairs = [f"{ours} = {' + '.join(theirs)}" for ours, theirs in columns.items()]
        console.print(f"Columns: {', '.join(pairs)}; truth = {answer}")
        with progress_bars() as progress:
            resolve(connection, run_id="evaluation", as_of=settings.now(), progress=progress)
        found = resolved_clusters(connection)
        methods = measure_methods_against(connection, people)
        points = sweep(connection, people) if page else []
    return _Measured(file.name, methods, over_merges(found, people), points)


def _last_run(settings: Settings, page: Path | None) -> _Measured:
    path = settings.sandbox_dir / "truth" / "records.csv"
    if not path.exists():
        raise TruthUnreadable(
            f"Nobody knows who is who in this data folder ({path} does not exist). Measure a labelled file with --records, "
            "or try a pretend shop with `cdp run --sandbox`."
        )
    people = read_truth(path)
    with open_published(settings) as connection:
        found = resolved_clusters(connection)
        methods = measure_methods_against(connection, people)
    points: list[SweepPoint] = []
    if page:
        with open_warehouse(settings, with_state=True) as connection:
            points = sweep(connection, people)
    return _Measured("the last run", methods, over_merges(found, people), points)


def _named(assignments: tuple[str, ...]) -> dict[str, str]:
    named = {}
    for assignment in assignments:
        ours, equals, theirs = assignment.partition("=")
        if not equals:
            raise click.UsageError(
                f"--map needs OURS=THEIRS, as in --map last_name=surname, not {assignment!r}."
            )
        named[ours.strip()] = theirs
    return named


def _show(measured: _Measured) -> None:
    heading(f"How good is the matching of {measured.title}")
    rows: list[list[object]] = [
        [
            name.replace("b_cubed", "B³").replace("_", " "),
            *(f"{found[name]:.4f}" for found in measured.methods.values()),
        ]
        for name in _SHARES
    ]
    rows += [
        [name.replace("_", " "), *(f"{found[name]:,.0f}" for found in measured.methods.values())]
        for name in _COUNTS
    ]
    console.print(table(["", *measured.methods], rows))
    if not measured.merges:
        console.print("\nNo customer holds records of two persons.")
        return
    heading(f"Joined wrongly: {len(measured.merges)} customers hold records of several persons")
    for merge in measured.merges[:MERGES_SHOWN]:
        console.print(merge.customer_id)
        for person, records in merge.records_of.items():
            console.print(f"  {person}: {', '.join(records)}", soft_wrap=True)
    if len(measured.merges) > MERGES_SHOWN:
        console.print(f"… and {len(measured.merges) - MERGES_SHOWN} more; --page lists them.")
