"""`cdp sources preview`, `load`, `pull` and `retry-rejected`: deliveries looked at, fetched and taken in by hand.

Each is one call into the ingestion room, with the lock that the nightly run takes as well.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from cli.source_names import chosen
from cli.terminal import console, counted, heading, progress_bars, table
from warehouse.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

    from ingestion.previews import TablePreview
    from ingestion.reports import FileResult, LoadReport

_NAME = click.argument("name", required=False)
_SHOWN_WIDTH = 28


@click.command()
@click.argument("name")
@click.argument("table_name", metavar="[TABLE]", required=False)
@click.option("--rows", default=3, show_default=True, help="How many rows, and how many rejected ones.")
def preview(name: str, table_name: str | None, rows: int) -> None:
    """The newest file of each table as it would be loaded: first rows, rejected rows with reasons, how it was read.

    It is loaded into memory only.

    \b
    Example: cdp sources preview shopify orders --rows 5
    """
    from ingestion.previews import preview_tables

    source = chosen(name)[0]
    with progress_bars() as show:
        previews = preview_tables(source, Settings.load().landing_dir, table_name, rows, show)
    for found in previews:
        _print_preview(source.name, found)


def _print_preview(name: str, found: TablePreview) -> None:
    heading(f"{name}.{found.table.name}")
    if found.result is None:
        console.print(f"No file in landing/{name}/ is named like {', '.join(found.table.patterns)}.")
        return
    _print_file(found.result)
    types = {raw: column.type for raw, column in found.table.raw_columns.items()}
    numbers = [f"row {row[found.columns.index('_row')]}" for row in found.rows]
    lines = [
        [column, types.get(column, "new"), *(_short(row[position]) for row in found.rows)]
        for position, column in enumerate(found.columns)
        if column != "_row"
    ]
    console.print(table(["column", "type", *numbers], lines))
    for reject in found.rejects:
        where = f"line {reject.line}" if reject.line else "a record"
        console.print(
            f"[yellow]rejected[/yellow] {where}: {reject.reason}  [dim]{_short(reject.text, 80)}[/dim]"
        )


@click.command()
@_NAME
@click.option("--dry-run", is_flag=True, help="Say what would be loaded; nothing is changed.")
def load(name: str | None, dry_run: bool) -> None:
    """Load what was delivered and is new, as the first step of `cdp run` does; without NAME, of every source.

    Exit status is 2 when a file was refused.

    \b
    Example: cdp sources load shopify --dry-run
    """
    from ingestion.loader import load as load_files
    from ingestion.previews import try_load
    from warehouse.connections import open_warehouse
    from warehouse.run_lock import take_run_lock

    settings = Settings.load()
    declared = chosen(name)
    with progress_bars() as show:
        if dry_run:
            report = try_load(
                settings.landing_dir, declared, _ledger(settings), loaded_at=settings.now(), progress=show
            )
        else:
            take_run_lock(settings)
            with open_warehouse(settings) as connection:
                report = load_files(
                    connection, settings.landing_dir, declared, progress=show, loaded_at=settings.now()
                )
    _print_load(report, "would be loaded" if dry_run else "loaded")
    if report.refused:
        raise click.exceptions.Exit(2)


def _ledger(settings: Settings) -> pa.Table | None:
    """The rows of raw.loads, or None before the first load."""
    from warehouse.connections import open_warehouse

    if not settings.warehouse_path.exists():
        return None
    with open_warehouse(settings) as connection:
        known = connection.execute(
            "select count(*) from duckdb_tables() where schema_name = 'raw' and table_name = 'loads'"
        ).fetchall()
        return connection.sql("from raw.loads").to_arrow_table() if known[0][0] else None


def _print_load(report: LoadReport, verb: str) -> None:
    for result in report.files:
        if result.status != "skipped":
            _print_file(result)
    for file in report.taken_away:
        console.print(
            f"[yellow]•[/yellow] {file}, refused before, was taken away: what it held waits for the next delivery."
        )
    for file in report.unclaimed:
        console.print(
            f"[yellow]•[/yellow] {file} matches no table: correct `files` of its source, or move it away."
        )
    files = sum(result.status == "loaded" for result in report.files)
    known = sum(result.status == "skipped" for result in report.files)
    console.print(
        f"{counted(files, 'file')}, {counted(report.rows_loaded, 'row')} {verb}, {report.rows_rejected:,} rejected; "
        f"{known} known already, {len(report.refused)} refused."
    )


def _print_file(result: FileResult) -> None:
    if result.status == "refused":
        console.print(f"[red]✗[/red] {result.message}")
        return
    rejected = f", {result.rows_rejected:,} rejected" if result.rows_rejected else ""
    told = f"  [dim]{result.message}[/dim]" if result.message else ""
    console.print(f"[green]✓[/green] {result.file}: {counted(result.rows_loaded, 'row')}{rejected}{told}")


@click.command()
@_NAME
@click.option("--dry-run", is_flag=True, help="Say what would be asked; no network is used.")
def pull(name: str | None, dry_run: bool) -> None:
    """Fetch what is new from APIs, databases, buckets and servers into landing; loading is the next step.

    Exit status is 2 when a source failed.

    \b
    Example: cdp sources pull stripe_api
    """
    from ingestion.pulling import missing_settings
    from orchestration.pulls import pull_sources

    settings = Settings.load()
    pulled = [source for source in chosen(name) if source.is_pulled]
    if not pulled:
        console.print("Nothing to fetch: files are put into landing by people or exports.")
        return
    if dry_run:
        for source in pulled:
            missing = missing_settings(source, os.environ)
            told = f"not set: {', '.join(missing)}" if missing else "ready"
            console.print(
                f"{source.name} ({source.kind}): {', '.join(t.name for t in source.tables)}; {told}"
            )
        return
    with progress_bars() as show:
        report = pull_sources(settings, pulled, show)
    for result in report.results:
        mark = "[green]✓[/green]" if result.status == "pulled" else "[red]✗[/red]"
        rows = sum(file.rows or 0 for file in result.files)
        console.print(
            f"{mark} {result.source}: {counted(len(result.files), 'file')}, {counted(rows, 'row')}. {result.message}"
        )
    if report.failed:
        raise click.exceptions.Exit(2)


@click.command(name="retry-rejected")
@_NAME
def retry_rejected(name: str | None) -> None:
    """Read rejected rows again after a declaration was corrected; those that fit now are loaded, none twice.

    Exit status is 2 while rows stay rejected.

    \b
    Example: cdp sources retry-rejected shopify
    """
    from ingestion.retrying import retry_rejected as retry
    from warehouse.connections import open_warehouse
    from warehouse.run_lock import take_run_lock

    settings = Settings.load()
    declared = chosen(name)
    take_run_lock(settings)
    with progress_bars() as show, open_warehouse(settings) as connection:
        report = retry(connection, settings.landing_dir, declared, progress=show, loaded_at=settings.now())
    for file in report.files:
        mark = "[yellow]•[/yellow]" if file.rows_rejected else "[green]✓[/green]"
        console.print(
            f"{mark} {file.file}: {counted(file.rows_loaded, 'row')} loaded, {file.rows_rejected:,} still rejected. {file.message}"
        )
    if not report.files:
        console.print("No row is rejected.")
    if report.rows_rejected:
        raise click.exceptions.Exit(2)


def _short(value: object, width: int = _SHOWN_WIDTH) -> str:
    text = " ".join(str("" if value is None else value).split())
    return text if len(text) <= width else f"{text[: width - 1]}…"
