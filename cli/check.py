"""`cdp check`: is everything that people edit in order: settings, sources, models, syncs, the asset graph."""

from __future__ import annotations

from collections.abc import Sequence

import click

from cli.home import prepare_dagster_home
from cli.terminal import console
from ingestion.declarations import read_sources
from reverse_etl.accounts import NotConfigured
from reverse_etl.connecting import load_accounts
from reverse_etl.declarations import read_syncs
from segments.contracts import read_segments, require_contracts
from warehouse.settings import Settings


@click.command()
def check() -> None:
    """Read every declaration and model, and say what is wrong with the first one that is not understood.

    Nothing is loaded, built or sent. `cdp segment preview NAME` also carries a segment's SQL out.
    """
    settings = Settings.load()
    prepare_dagster_home(settings)
    console.print(f"[green]✓[/green] settings: data folder {settings.data_dir}")
    sources = read_sources()
    console.print(
        f"[green]✓[/green] {len(sources)} sources, {sum(len(s.tables) for s in sources)} kinds of file"
    )
    from orchestration import dbt_process
    from orchestration.segment_sources import unread_sources

    manifest = dbt_process.manifest()
    models = sum(node["resource_type"] == "model" for node in manifest["nodes"].values())
    tests = sum(node["resource_type"] == "test" for node in manifest["nodes"].values())
    console.print(
        f"[green]✓[/green] {models} models, {tests} data tests, {len(manifest['unit_tests'])} unit tests"
    )
    from orchestration.column_lineage import column_graph

    columns = sum(1 for _ in column_graph().columns())  # compiles every model: an unknown var is found here
    console.print(f"[green]✓[/green] every model compiles, and {columns:,} columns can be traced")
    syncs = read_syncs(manifest)
    console.print(f"[green]✓[/green] {len(syncs)} syncs: {', '.join(sync.name for sync in syncs)}")
    segments = read_segments(manifest, [source.name for source in sources])
    require_contracts(segments)
    _stop_at(unread_sources(manifest, segments, sources))
    console.print(
        f"[green]✓[/green] {len(segments)} segments, each with a contract and built from the sources it waits for"
    )
    accounts = load_accounts(settings.outbox_dir)
    for destination in dict.fromkeys(sync.destination for sync in syncs):
        account = accounts.find(destination)
        if isinstance(account, NotConfigured):
            console.print(f"[yellow]•[/yellow] {account.sentence}")
    from orchestration.asset_graph import broken_links
    from orchestration.definitions import defs

    _stop_at(broken_links(defs()))
    console.print("[green]✓[/green] one asset graph without gaps")


def _stop_at(mistakes: Sequence[str]) -> None:
    for mistake in mistakes:
        console.print(f"[red]✗[/red] {mistake}")
    if mistakes:
        raise click.exceptions.Exit(1)
