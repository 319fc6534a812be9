"""`cdp check`: is everything that people edit in order: settings, sources, models, syncs, the asset graph."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import click
import yaml

from cli.home import prepare_dagster_home
from cli.terminal import console
from ingestion.declarations import read_sources
from reports.errors import nearest
from reverse_etl.accounts import NotConfigured
from reverse_etl.connecting import load_accounts
from reverse_etl.declarations import read_syncs
from segments.contracts import read_segments, require_contracts
from warehouse.settings import PROJECT_DIR, Settings


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
    _stop_at(_untrusted(manifest))
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


def _untrusted(manifest: Mapping[str, Any]) -> list[str]:
    """Names under survivorship_sources that no record of identity has: such a source would be trusted least, silently."""
    named = yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text())["vars"]["survivorship_sources"]
    models = [node["raw_code"] for node in manifest["nodes"].values() if "identity" in node["fqn"]]
    known = set(re.findall(r"'([a-z0-9_]+)'", "".join(models)))
    return [
        f"dbt_project.yml, vars, survivorship_sources: no record comes from {name!r}{nearest(name, sorted(known))} A name there "
        "is the first argument of record_columns in int_identity__delivered_records or int_identity__transaction_records."
        for name in named
        if name not in known
    ]


def _stop_at(mistakes: Sequence[str]) -> None:
    for mistake in mistakes:
        console.print(f"[red]✗[/red] {mistake}")
    if mistakes:
        raise click.exceptions.Exit(1)
