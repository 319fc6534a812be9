"""`cdp sources`: what is declared, how it stands, what a delivery would do, and adding what is new.

Reading and loading is the ingestion room's work; adding a source is in `source_adding.py`, loading in `source_loading.py`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.help import Group
from cli.source_adding import add
from cli.source_loading import load, preview, pull, retry_rejected
from cli.source_names import chosen
from cli.terminal import console, counted, heading, progress_bars, table
from ingestion.declarations import SOURCES_DIR, Source, json_schema, read_source, read_sources
from ingestion.errors import DeclarationError
from warehouse.progress import Progress
from warehouse.settings import Settings

if TYPE_CHECKING:
    from ingestion.freshness import SourceStatus

SCHEMA_FILE = SOURCES_DIR / "source.schema.json"


@click.group(cls=Group)
def sources() -> None:
    """Where data comes from: declared in ingestion/sources/, one YAML file per source.

    \b
    Ten minutes to a new one:
      cdp sources add shop2 --from export.xlsx   guess it from a file, with staging and tests
      cdp sources preview shop2                  the first rows as they would be loaded
      cdp sources load shop2                     load it; `cdp run` does it every night
    """


@sources.command(name="list")
@click.option("--templates", is_flag=True, help="Templates to start from instead: vendors and databases.")
def list_sources(templates: bool) -> None:
    """Every declared source, and folders in landing that nobody declared.

    \b
    Example: cdp sources list --templates
    """
    if templates:
        _list_templates()
        return
    declared = read_sources()
    rows = [
        [s.name, s.title, s.kind if s.location is None else s.location.url, ", ".join(t.name for t in s.tables),
         s.owner, f"every {_hours(s.expected_every_hours)}"]
        for s in declared
    ]  # fmt: skip
    console.print(table(["source", "title", "kind", "tables", "owner", "expected"], rows))
    from ingestion.landing import find_unknown_folders

    for folder in find_unknown_folders(Settings.load().landing_dir, declared):
        console.print(
            f"[yellow]•[/yellow] landing/{folder}/ belongs to no source: `cdp sources add {folder}` looks at its files."
        )


def _list_templates() -> None:
    from ingestion.scaffolding.templates import find_templates

    rows = []
    for template in find_templates():
        source = read_source(template.path)
        rows.append([template.name, source.title, source.kind, ", ".join(t.name for t in source.tables),
                     "declared" if template.is_declared else f"cdp sources add {template.name}"])  # fmt: skip
    console.print(table(["template", "title", "kind", "tables", ""], rows))


@sources.command()
@click.argument("name", required=False)
def status(name: str | None) -> None:
    """When each source last delivered, what it holds, and whether it is late or shrinking.

    Exit status is 2 when something needs a person.

    \b
    Example: cdp sources status shopify
    """
    from ingestion.freshness import source_status
    from warehouse.connections import open_warehouse

    settings = Settings.load()
    declared = chosen(name)
    if not settings.warehouse_path.exists():
        console.print(
            f"Nothing was loaded yet. Put files into {settings.landing_dir}/<source>/ and type `cdp run`."
        )
        return
    with open_warehouse(settings) as connection:
        statuses = source_status(connection, declared, settings.now())
    console.print(
        f"As of {_moment(settings.now())} UTC (CDP_AS_OF takes another moment, as for the pretend shop)."
    )
    rows = [
        [s.source, _moment(s.last_loaded_at) or "never", s.rows, f"{s.reject_share:.2%}", _moment(s.next_expected_at),
         ", ".join(_troubles(s)) or ("fine" if s.last_loaded_at else "")]
        for s in statuses
    ]  # fmt: skip
    console.print(
        table(["source", "last delivery", "rows", "rejected of it", "next expected by", "stands"], rows)
    )
    for found in statuses:
        for refused in found.refused:
            console.print(f"[red]✗[/red] {refused.message}")
    if any(_troubles(found) for found in statuses):
        raise click.exceptions.Exit(2)


def _troubles(found: SourceStatus) -> list[str]:
    """What needs a person, in a few words each."""
    troubles = []
    if found.refused:
        troubles.append(f"{counted(len(found.refused), 'file')} refused")
    if found.is_late:
        troubles.append("late")
    if found.rejects_too_much:
        troubles.append(
            f"more rejected than {found.largest_reject_share:.0%}: cdp sources preview {found.source}"
        )
    for shrunk in found.shrunk:
        troubles.append(f"{shrunk.table_name} shrank: {shrunk.rows:,} rows, usually {shrunk.usual_rows:,}")
    return troubles


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


@sources.command()
@click.argument("name", required=False)
def check(name: str | None) -> None:
    """What the next load would find: declarations, settings, files and their headers. Nothing is changed.

    Exit status is 1 when something is wrong.

    \b
    Example: cdp sources check shopify
    """
    problems = 0
    found: list[Source] = []
    for path in sorted(SOURCES_DIR.glob("*.yml")):
        if name in (None, path.stem):
            try:
                found.append(read_source(path))
            except DeclarationError as error:
                problems += 1
                console.print(f"[red]✗[/red] {error}")
    if not found and not problems:
        chosen(name)  # says which names there are
    settings = Settings.load()
    with progress_bars() as show:
        for source in found:
            problems += _check_source(source, settings, show)
    from ingestion.landing import find_unclaimed

    for file in find_unclaimed(settings.landing_dir, found):
        console.print(
            f"[yellow]•[/yellow] {file} matches no table: correct `files` of its source, or move it away."
        )
    if problems:
        raise click.exceptions.Exit(1)


def _check_source(source: Source, settings: Settings, show: Progress) -> int:
    import os

    from ingestion.landing import find_deliveries
    from ingestion.previews import preview_tables
    from ingestion.pulling import missing_settings

    heading(f"{source.name}: {source.title}")
    problems = 0
    for missing in missing_settings(source, os.environ):
        problems += 1
        console.print(f"  [red]✗[/red] {missing} is not set in the environment")
    deliveries = find_deliveries(settings.landing_dir, source)
    for previewed in preview_tables(source, settings.landing_dir, None, 0, show):
        files = sum(delivery.table == previewed.table for delivery in deliveries)
        result = previewed.result
        if result is None:
            patterns = ", ".join(previewed.table.patterns)
            console.print(
                f"  [yellow]•[/yellow] {previewed.table.name}: no file in landing/{source.name}/ like {patterns}"
            )
        elif result.status == "refused":
            problems += 1
            console.print(f"  [red]✗[/red] {previewed.table.name}: {result.message}")
        else:
            rejected = f", {result.rows_rejected:,} rejected" if result.rows_rejected else ""
            told = f" ({result.message})" if result.message else ""
            console.print(
                f"  [green]✓[/green] {previewed.table.name}: {counted(files, 'file')}; newest {result.file}: "
                f"{counted(result.rows_in_file, 'row')}{rejected}{told}"
            )
    return problems


@sources.command()
@click.option("--write", is_flag=True, help="Write it beside the source files, where editors look for it.")
def schema(write: bool) -> None:
    """The form of a source file as JSON Schema, for editors that complete and check while typing.

    \b
    Example: cdp sources schema > source.schema.json
    """
    text = schema_text()
    if write:
        SCHEMA_FILE.write_text(text, encoding="utf-8")
        console.print(
            f"Written: {SCHEMA_FILE.relative_to(Path.cwd()) if SCHEMA_FILE.is_relative_to(Path.cwd()) else SCHEMA_FILE}"
        )
    else:
        click.echo(text, nl=False)


def schema_text() -> str:
    """The schema as it stands in the project."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _hours(hours: float) -> str:
    return f"{hours / 24:.0f} days" if hours >= 72 else f"{hours:.0f} h"


COMMANDS: Sequence[click.Command] = (add, preview, load, pull, retry_rejected)
for command in COMMANDS:
    sources.add_command(command)
