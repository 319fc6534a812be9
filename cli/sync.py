"""`cdp sync`: what would be sent, sending it, and what was sent; the gates hold here as in the nightly run."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import click
import duckdb

from cli import sync_controls, sync_status
from cli.help import Group
from cli.sync_declarations import SANDBOX, declared_syncs, installation, read_declared
from cli.terminal import console, progress_bars, table
from reverse_etl.accounts import Accounts
from reverse_etl.connecting import load_accounts
from reverse_etl.declarations import SyncDeclaration
from reverse_etl.left_behind import list_left_behind
from reverse_etl.log import read_log, read_refusals, read_runs
from reverse_etl.old_places import undeclared
from reverse_etl.plan import Plan
from reverse_etl.planner import STATE_CATALOG, plan_sync
from reverse_etl.results import CLEAN
from reverse_etl.runner import run_syncs
from warehouse.connections import open_state, open_warehouse
from warehouse.settings import Settings


@click.group(cls=Group)
def sync() -> None:
    """Audiences on their way to tools (declared beside the sync_* models).

    \b
    Day by day:
      cdp sync status           how each audience stands, and what to do next
      cdp sync plan NAME        what would be sent now
      cdp sync apply NAME       send it; --confirm for a first or very large change
      cdp sync log --refused    who is not sent, and why
    When something is wrong:
      cdp sync pause NAME       hold it (opt-outs still go out); resume ends it
      cdp sync cancel NAME      end the run that is going on; what it has not sent stays planned
      cdp sync retry NAME       send refused rows again, as they are now
      cdp sync verify NAME      compare with what the tool really holds
      cdp sync reset NAME       forget what was acknowledged and start anew
    """


for command in (*sync_status.COMMANDS, *sync_controls.COMMANDS):
    sync.add_command(command)


@sync.command()
@click.argument("names", nargs=-1)
@click.option(
    "--export", type=click.Path(path_type=Path), help="Write the requests that would be sent, as JSON lines."
)
@SANDBOX
def plan(names: tuple[str, ...], export: Path | None, sandbox: bool) -> None:
    """What would be sent now, sync by sync; nothing is sent.

    \b
    Examples:
      cdp sync plan                                       all syncs
      cdp sync plan mailchimp_contacts --export x.jsonl   with every request, byte for byte
    """
    with installation(sandbox) as settings:
        _plan(settings, names, export)


def _plan(settings: Settings, names: tuple[str, ...], export: Path | None) -> None:
    syncs, blocked = declared_syncs(settings, names)
    everything = read_declared(settings)
    accounts = load_accounts(settings.outbox_dir)
    planned: list[Plan] = []
    with open_warehouse(settings.for_syncs, with_state=True) as connection:
        for declared in syncs:
            plan = plan_sync(connection, declared, accounts, blocked=blocked)
            planned.append(plan)
            _print_plan(plan)
            decided = None if plan.operations is None else declared
            planned += _print_old(connection, [declared.name], everything, accounts, decided)
        if not names:
            planned += _print_old(
                connection, undeclared(connection, everything, STATE_CATALOG), everything, accounts
            )
        if export is not None:
            console.print(f"{_export(planned, export)} requests written to {export}.")


@sync.command()
@click.argument("names", nargs=-1)
@click.option(
    "--confirm", is_flag=True, help="Send also what is held for confirmation (a first or very large change)."
)
@click.option("--dry-run", is_flag=True, help="The same as `cdp sync plan`.")
@SANDBOX
def apply(names: tuple[str, ...], confirm: bool, dry_run: bool, sandbox: bool) -> None:
    """Send the differences now, through every gate; without NAMES, all syncs.

    This reaches the real tools. Consent, failed tests and late sources are not waived by --confirm.

    \b
    Examples:
      cdp sync apply mailchimp_contacts             what `cdp sync plan mailchimp_contacts` shows
      cdp sync apply mailchimp_contacts --confirm   although it is a first or very large change
    """
    with installation(sandbox) as settings:
        if dry_run:
            _plan(settings, names, None)
        else:
            _apply(settings, names, confirm=confirm)


def _apply(settings: Settings, names: tuple[str, ...], *, confirm: bool) -> None:
    syncs, blocked = declared_syncs(settings, names)
    with progress_bars() as show:
        results = run_syncs(
            lambda: open_warehouse(settings.for_syncs, with_state=True),
            lambda: open_state(settings.for_syncs),
            syncs,
            load_accounts(settings.outbox_dir),
            str(uuid.uuid4()),
            settings.now(),
            show,
            blocked=blocked,
            confirmed=confirm,
            keep_days=settings.sync_log_days,
            declared=read_declared(settings),
        )
    for result in results:
        told = result.held_reason or result.message or ""
        console.print(
            f"[bold]{result.sync}[/bold] {result.status}: {result.added} added, {result.updated} updated, "
            f"{result.removed} removed, {result.unchanged} unchanged. {told}"
        )
    if any(result.status not in CLEAN for result in results):
        raise click.exceptions.Exit(2)


@sync.command()
@click.argument("name", required=False)
@click.option("--limit", default=30, show_default=True, help="How many lines at most.")
@click.option("--refused", is_flag=True, help="Rows that were not sent, each with its reason.")
@click.option("--runs", is_flag=True, help="One line per sync and run.")
def log(name: str | None, limit: int, refused: bool, runs: bool) -> None:
    """Every row that was sent, newest first.

    \b
    Examples:
      cdp sync log mailchimp_contacts            who was added, updated, removed
      cdp sync log mailchimp_contacts --refused  who was not sent, and why
      cdp sync log --runs                        one line per sync and run
    """
    with open_state(Settings.load()) as connection:
        if refused:
            rows = [{**row, "reason": row["sentence"]} for row in read_refusals(connection, name, limit)]
            columns = ["sync", "record_key", "reason"]
        elif runs:
            rows = read_runs(connection, name, limit)
            columns = ["started_at", "sync", "status", "added", "updated", "removed", "unchanged", "failed"]
        else:
            rows = read_log(connection, name, limit)
            columns = ["finished_at", "sync", "action", "record_key", "status", "reason"]
    if not rows:
        of = f" of a sync {name}" if name else ""
        console.print(f"Nothing{of} is on record. `cdp sync status` lists all syncs.")
        return
    console.print(table(columns, [[_short(row[column]) for column in columns] for row in rows]))


def _print_plan(planned: Plan) -> None:
    told = planned.not_configured or planned.counts
    console.print(f"[bold]{planned.sync.name}[/bold] → {planned.sync.target}: {told}")
    if planned.hold is not None:
        console.print(f"  [yellow]{planned.hold}[/yellow]")
    for reason, count in planned.refused.items():
        console.print(f"  [dim]not sent, {count} ×:[/dim] {reason}")


def _print_old(
    connection: duckdb.DuckDBPyConnection,
    names: list[str],
    everything: list[SyncDeclaration],
    accounts: Accounts,
    decided: SyncDeclaration | None = None,
) -> list[Plan]:
    """What is to be done in targets that syncs of these names no longer point to; returns the plans of it."""
    found = list_left_behind(connection, names, everything, accounts, STATE_CATALOG, decided=decided)
    for old in found:
        console.print(f"[bold]{old.plan.sync.name}[/bold] → {old.sentence}")
    return [old.plan for old in found]


def _export(plans: list[Plan], path: Path) -> int:
    written = 0
    with path.open("w") as file:
        for request in (request for plan in plans for request in plan.requests()):
            file.write(json.dumps(request.to_dict(), default=str) + "\n")
            written += 1
    return written


def _short(value: object) -> object:
    return str(value)[:19] if hasattr(value, "strftime") else value
