"""Which syncs a command is about: read from the dbt project, with what holds them, in the right installation.

What the commands do with them is in `sync.py`, `sync_status.py` and `sync_controls.py`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from cli.home import prepare_dagster_home
from cli.sandbox import has_pretend_shop, pretend_shop
from cli.terminal import console
from reverse_etl.declarations import SyncDeclaration, read_syncs
from sandbox.generator import SAMPLE
from warehouse.connections import open_warehouse
from warehouse.errors import CdpError
from warehouse.progress import silent
from warehouse.run_lock import take_run_lock
from warehouse.settings import Settings


class UnknownSync(CdpError):
    """No exposure declares a sync of this name."""


SANDBOX = click.option(
    "--sandbox", is_flag=True, help="With the pretend destinations of `cdp run --sandbox`."
)


@contextmanager
def installation(sandbox: bool) -> Iterator[Settings]:
    """The settings, with `sandbox` those of the pretend shop while its destinations run."""
    settings = Settings.load()
    if not sandbox:
        if has_pretend_shop(settings):
            console.print(
                "[dim]This data folder holds the pretend shop: with --sandbox its pretend tools and its own day count.[/dim]"
            )
        yield settings
        return
    with pretend_shop(settings, SAMPLE["customers"], silent) as pretend:
        yield pretend


def read_declared(settings: Settings) -> list[SyncDeclaration]:
    """Every declared sync, in sending order; reads the dbt project (a few seconds)."""
    prepare_dagster_home(settings)
    from orchestration import dbt_process

    return read_syncs(dbt_process.manifest())


def declared_syncs(
    settings: Settings, names: tuple[str, ...]
) -> tuple[list[SyncDeclaration], dict[str, str]]:
    """The syncs asked for (none named = all), and why some are held. Raises UnknownSync."""
    take_run_lock(settings)  # a run under way would change the tables while they are read
    syncs = read_declared(settings)
    asked = [find_sync(syncs, name) for name in dict.fromkeys(names)] or syncs
    from orchestration.opt_out_sources import sync_holds

    with open_warehouse(settings) as connection:
        blocked = sync_holds(connection, syncs, settings.now())
    return [declared for declared in syncs if declared in asked], blocked


def find_sync(syncs: Sequence[SyncDeclaration], name: str) -> SyncDeclaration:
    """The sync of this name; raises UnknownSync, with the nearest name there is."""
    known = {declared.name: declared for declared in syncs}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise UnknownSync(f"There is no sync {name}.{hint} There are: {', '.join(sorted(known)) or 'none'}.")
