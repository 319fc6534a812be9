"""`cdp sync status|verify`: how each sync stands here, and whether the tool still holds what it acknowledged.

Nothing is changed from here: the levers are in `sync_controls.py`.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import click

from cli.sync_declarations import SANDBOX, declared_syncs, find_sync, installation, read_declared
from cli.terminal import console, table
from reverse_etl.connecting import load_accounts
from reverse_etl.metrics import read_newest_metrics
from reverse_etl.standing import Standing, read_standings, read_undeclared
from reverse_etl.verification import FINDINGS, Verification, verify_sync
from warehouse.connections import open_state, open_warehouse
from warehouse.settings import Settings

_SHOWN = 20


@click.command()
@click.argument("names", nargs=-1)
def status(names: tuple[str, ...]) -> None:
    """How each sync stands, and what to do next.

    \b
    Examples:
      cdp sync status                     all syncs
      cdp sync status mailchimp_contacts  one of them
    """
    settings = Settings.load()
    everything = read_declared(settings)
    syncs = [declared for declared in everything if not names or declared.name in names]
    for name in names:
        find_sync(syncs, name)
    with open_state(settings) as state:
        standings = read_standings(state, syncs)
        metrics = read_newest_metrics(state)
        undeclared = [] if names else read_undeclared(state, everything)
    for standing in standings:
        _print_standing(standing)
        if standing.sync in metrics:
            _print_metrics(metrics[standing.sync])
    for name, count in undeclared:
        console.print(
            f"[bold]{name}[/bold] is not declared any more, but {count:,} people are still where it sent them. Opt-outs "
            f"are taken out there with each run; `cdp sync reset {name}` forgets the others.",
            soft_wrap=True,
        )


def _print_standing(standing: Standing) -> None:
    last = f"{standing.last_run:%Y-%m-%d %H:%M}" if standing.last_run else "never"
    console.print(
        f"[bold]{standing.sync}[/bold] → {standing.target} ({standing.destination}): {standing.status}"
    )
    console.print(
        f"  last run {last}; {standing.members:,} in it, {standing.waiting:,} held back, "
        f"{standing.refused:,} not allowed or not usable, {standing.dead_letters:,} refused by the tool, "
        f"{standing.unanswered:,} unanswered"
    )
    console.print(f"  [dim]next:[/dim] {standing.next_step}", soft_wrap=True)


def _print_metrics(metric: dict[str, Any]) -> None:
    shares = [
        (metric["acceptance_rate"], "of what was sent was accepted"),
        (metric["match_rate"], "of those who may be sent can be recognised there"),
    ]
    told = [f"{share:.0%} {words}" for share, words in shares if share is not None]
    told.append(
        f"an answer took {metric['median_seconds']:.1f} s (the slowest {metric['slowest_seconds']:.1f} s)"
    )
    console.print(f"  [dim]last sent:[/dim] {'; '.join(told)}", soft_wrap=True)


@click.command()
@click.argument("names", nargs=-1)
@click.option(
    "--export", type=click.Path(path_type=Path), help="Write every finding as CSV (ids only, no addresses)."
)
@SANDBOX
def verify(names: tuple[str, ...], export: Path | None, sandbox: bool) -> None:
    """Read back what the tool holds, and compare it with what it acknowledged. Nothing is changed.

    missing = acknowledged, but not there any more; extra = there, but not by our doing; different = other values, or
    unsubscribed there. Ends with status 2 when something is missing or different.

    \b
    Examples:
      cdp sync verify                                     every tool that can be read
      cdp sync verify mailchimp_contacts --export x.csv   all findings as a file
    """
    with installation(sandbox) as settings:
        syncs, _ = declared_syncs(settings, names)
        accounts = load_accounts(settings.outbox_dir)
        found = [
            verify_sync(lambda: open_warehouse(settings.for_syncs, with_state=True), declared, accounts)
            for declared in syncs
        ]
    for verification in found:
        _print_verification(verification)
    if export is not None:
        _export(found, export)
    if any(not verification.is_clean and not verification.message for verification in found):
        raise click.exceptions.Exit(2)


def _print_verification(verification: Verification) -> None:
    counts = ", ".join(f"{verification.count(finding):,} {finding}" for finding in FINDINGS)
    told = (
        verification.message
        or f"{verification.acknowledged:,} acknowledged, {verification.found:,} there: {counts}"
    )
    console.print(f"[bold]{verification.sync}[/bold] → {verification.target}: {told}")
    rows = [row for row in verification.findings if row["finding"] != "extra"][:_SHOWN]
    if rows:
        columns = ["finding", "record_key", "detail"]
        console.print(table(columns, [[row[name] for name in columns] for row in rows]))


def _export(found: list[Verification], path: Path) -> None:
    rows = [{"sync": one.sync, **row} for one in found for row in one.findings]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["sync", "finding", "record_key", "remote_id", "detail"])
        writer.writeheader()
        writer.writerows(rows)
    console.print(f"{len(rows):,} findings written to {path}.")


COMMANDS = (status, verify)
