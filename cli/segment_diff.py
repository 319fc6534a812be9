"""`cdp segment diff`: who a changed definition takes in and lets go, why, and what is at stake, before anything is released."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import duckdb

from cli.home import prepare_dagster_home
from cli.terminal import console, heading, table
from segments.contracts import find_segment, read_segments
from segments.definitions import Definition, define, read_released
from segments.difference import MOVED, Difference, compare
from segments.errors import DefinitionError
from segments.page import render_page
from segments.stakes import Stake
from warehouse.connections import open_state, open_trial
from warehouse.settings import PROJECT_DIR, Settings
from warehouse.sql_text import path_literal

if TYPE_CHECKING:
    from orchestration.compiling import CompiledProject

_SHOWN = 10


@click.command()
@click.argument("name")
@click.option(
    "--from",
    "old",
    metavar="REV",
    help="Git revision of the old version; without it, what was released last.",
)
@click.option(
    "--to", "new", metavar="REV", help="Git revision of the new version; without it, the working tree."
)
@click.option(
    "--csv",
    "csv_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write everybody who moves to a file.",
)
@click.option(
    "--page", type=click.Path(path_type=Path, dir_okay=False), help="Write a page for a pull request."
)
@click.option("--limit", default=_SHOWN, show_default=True, help="How many people to print each way.")
def diff(
    name: str, old: str | None, new: str | None, csv_path: Path | None, page: Path | None, limit: int
) -> None:
    """Who enters and who leaves segment NAME with its new definition, why, and what is at stake.

    Both versions are carried out on the data of the last run, with the macros, vars and models they are built from as each
    version has them. Nothing is released or sent.

    \b
    Examples:
      cdp segment diff lapsed_buyers                      what you changed, against what was released
      cdp segment diff lapsed_buyers --from main          against another revision
      cdp segment diff lapsed_buyers --page diff.html     for a pull request
    """
    settings = Settings.load()
    prepare_dagster_home(settings)
    after, project = _version(name, new)
    before = _version(name, old)[0] if old else _released(settings, name)
    with open_trial(settings) as connection:
        found = compare(connection, before, after)
        _print(found, connection, limit)
        if csv_path is not None:
            connection.execute(f"copy {MOVED} to {path_literal(csv_path)} (header, delimiter ',')")
            console.print(f"Everybody who moves: {csv_path}")
        if page is not None:
            syncs = _syncs(project, name)
            page.write_text(render_page(connection, found, syncs=syncs, made_at=settings.now()))
            console.print(f"The page: {page}")


def _version(name: str, revision: str | None) -> tuple[Definition, CompiledProject]:
    """One version of the definition, compiled; raises UnknownSegment when that version has none of this name."""
    from orchestration.compiling import compile_project

    with _project_dir(revision) as folder:
        compiled = compile_project(folder, [name.removeprefix("segment_")])
    segment = find_segment(read_segments(compiled.manifest), name)
    label = f"revision {revision}" if revision else "the working tree"
    definition = define(segment, compiled.models, label)
    if definition is None or segment.contract is None:
        raise DefinitionError(segment.problem or f"{label}: the segment {name} was not compiled.")
    return definition, compiled


@contextmanager
def _project_dir(revision: str | None) -> Iterator[Path]:
    if revision is None:
        yield PROJECT_DIR
        return
    from orchestration.compiling import checked_out

    with checked_out(revision) as folder:
        yield folder


def _released(settings: Settings, name: str) -> Definition:
    with open_state(settings) as state:
        released = read_released(state, name.removeprefix("segment_"))
    if released is None:
        raise DefinitionError(
            f"{name} has never been released, so there is nothing to compare with. `cdp segment preview {name}` shows who "
            f"would be in it; `--from REV` compares with a Git revision."
        )
    return released


def _syncs(project: CompiledProject, name: str) -> list[str]:
    """Labels of the exposures that send this segment."""
    sent = []
    for exposure in project.manifest["exposures"].values():
        declared = ((exposure.get("config") or {}).get("meta") or {}).get("sync") or {}
        segments = declared.get("segment") or []
        if name.removeprefix("segment_") in ([segments] if isinstance(segments, str) else segments):
            sent.append(exposure.get("label") or exposure["name"])
    return sorted(sent)


def _print(found: Difference, connection: duckdb.DuckDBPyConnection, limit: int) -> None:
    console.print(
        f"[bold]{found.title}[/bold] from {found.before} to {found.after}: "
        f"{found.before_count:,} → {found.after_count:,} customers"
    )
    for term in found.terms:
        console.print(f"  contract: {term}")
    if found.is_empty:
        console.print("Nobody enters or leaves.")
        return
    for word, stake in (("enter", found.entering), ("leave", found.leaving), ("stay", found.staying)):
        console.print(f"  {stake.people:,} {word}; {at_stake(stake, found.currency)}")
    heading("Why")
    console.print(
        table(
            ["", "customers", "condition that decides"],
            [[c.change, c.people, c.condition] for c in found.causes],
        )
    )
    for change in ("enters", "leaves"):
        _print_people(connection, change, limit)


def _print_people(connection: duckdb.DuckDBPyConnection, change: str, limit: int) -> None:
    rows = connection.execute(
        f"select customer_id, display_name, why, spend_amount::double from {MOVED} where change = ? "
        "order by spend_amount desc nulls last, customer_id limit ?",
        [change, limit],
    ).fetchall()
    if rows:
        heading(f"Who {change}")
        console.print(table(["customer", "name", "why", "has spent"], rows))


def at_stake(stake: Stake, currency: str) -> str:
    """What people have spent, and how many of them may be reached where."""
    reach = ", ".join(f"{count:,} by {channel}" for channel, count in stake.contactable.items())
    return f"they have spent {stake.spend:,.2f} {currency}; may be reached: {reach}"
