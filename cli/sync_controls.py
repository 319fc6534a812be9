"""`cdp sync retry|reset|pause|resume|cancel`: the levers that people have on a sync.

How syncs stand is in `sync_status.py`, planning and sending in `sync.py`; what a lever does is decided in the activation room.
"""

from __future__ import annotations

import getpass
import uuid

import click

from cli.sync_declarations import SANDBOX, declared_syncs, find_sync, installation, read_declared
from cli.terminal import console, counted, progress_bars
from reverse_etl.connecting import load_accounts
from reverse_etl.controls import Controls
from reverse_etl.declarations import SyncDeclaration
from reverse_etl.planner import plan_sync
from reverse_etl.results import CLEAN
from reverse_etl.runner import run_sync
from reverse_etl.standing import Standing, read_standings, read_undeclared
from warehouse.connections import open_state, open_warehouse
from warehouse.errors import CdpError
from warehouse.settings import Settings


class ConfirmationMissing(CdpError):
    """A command that cannot be taken back was given without --yes."""


@click.command()
@click.argument("name")
@click.option(
    "--unanswered", is_flag=True, help="Also what had no answer, though it may arrive a second time."
)
@click.option("--dry-run", is_flag=True, help="Show what would be sent again; send and change nothing.")
@SANDBOX
def retry(name: str, unanswered: bool, dry_run: bool, sandbox: bool) -> None:
    """Send what the tool refused again: people as they are now, through every gate.

    Refused rows hold no data, so it is always today's value that goes out, together with what is due anyway. Who has
    left or opted out meanwhile is not sent.

    \b
    Examples:
      cdp sync log NAME --refused              who was refused, and why
      cdp sync retry NAME --dry-run            what a retry would send
      cdp sync retry NAME                      send it
      cdp sync retry NAME --unanswered         messages that certainly did not arrive
    """
    with installation(sandbox) as settings:
        syncs, blocked = declared_syncs(settings, (name,))
        with open_state(settings) as state:
            (standing,) = read_standings(state, syncs)
        if dry_run:
            _plan_retry(settings, syncs[0], blocked, standing)
        else:
            _retry(settings, syncs[0], blocked, standing, unanswered=unanswered)


def _plan_retry(
    settings: Settings, declared: SyncDeclaration, blocked: dict[str, str], standing: Standing
) -> None:
    accounts = load_accounts(settings.outbox_dir)
    with open_warehouse(settings.for_syncs, with_state=True) as connection:
        plan = plan_sync(connection, declared, accounts, blocked=blocked, retrying=True)
    due = plan.not_configured or f"With what is due anyway: {plan.counts}."
    console.print(f"{counted(standing.dead_letters, 'refused row')}. {due}")
    if plan.hold:
        console.print(f"  [yellow]{plan.hold}[/yellow]")
    console.print("Nothing was sent or changed.")


def _retry(
    settings: Settings,
    declared: SyncDeclaration,
    blocked: dict[str, str],
    standing: Standing,
    *,
    unanswered: bool,
) -> None:
    controls = _controls(settings, declared.name)
    if unanswered:
        console.print(f"{controls.allow_unanswered():,} unanswered operations may be sent again.")
    controls.note_retry(standing.dead_letters)
    with progress_bars() as show:
        result = run_sync(
            lambda: open_warehouse(settings.for_syncs, with_state=True),
            lambda: open_state(settings.for_syncs),
            declared,
            load_accounts(settings.outbox_dir),
            str(uuid.uuid4()),
            settings.now(),
            show,
            blocked=blocked,
            retrying=True,
        )
    told = result.held_reason or result.message or ""
    console.print(
        f"[bold]{result.sync}[/bold] {result.status}: {result.added} added, {result.updated} updated, "
        f"{result.removed} removed, {sum(result.rejected.values())} refused again. {told}"
    )
    if result.status not in CLEAN:
        raise click.exceptions.Exit(2)


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Really forget; it cannot be taken back.")
@click.option("--dry-run", is_flag=True, help="Show what would be forgotten; change nothing.")
def reset(name: str, yes: bool, dry_run: bool) -> None:
    """Forget what the tool acknowledged: the next run starts a new baseline, which adds but removes nobody.

    Who is in the tool now and not in the segment stays there, and contacts found there count from then on as having
    been there before us. Opt-outs are unaffected: the consent log is not forgotten. For a tool or list that was emptied or replaced.

    \b
    Examples:
      cdp sync reset NAME --dry-run   how much would be forgotten
      cdp sync reset NAME --yes       forget it; then look at `cdp sync plan NAME`
    """
    settings = Settings.load()
    syncs = read_declared(settings)
    with open_state(settings) as state:
        undeclared = dict(read_undeclared(state, syncs))
    if name not in undeclared:
        find_sync(syncs, name)
    controls = _controls(settings, name)
    counts = ", ".join(f"{count:,} {what}" for what, count in controls.count_forgettable().items())
    if dry_run:
        console.print(f"{name} would forget: {counts}. Nothing was changed.")
        return
    if not yes:
        raise ConfirmationMissing(
            f"This makes {name} forget {counts}, and cannot be taken back. If that is meant, run "
            f"`cdp sync reset {name} --yes`."
        )
    controls.reset()
    console.print(f"{name} forgot: {counts}. Next: `cdp sync plan {name}`.")


@click.command()
@click.argument("name")
@click.option("--reason", required=True, help="Why, for those who wonder later.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
def pause(name: str, reason: str, dry_run: bool) -> None:
    """Hold a sync until it is resumed. Opt-outs still go out.

    \b
    Example:
      cdp sync pause mailchimp_lapsed --reason "campaign under review"
    """
    settings = Settings.load()
    find_sync(read_declared(settings), name)
    if dry_run:
        console.print(f"{name} would be held from now on, except for opt-outs. Nothing was changed.")
        return
    _controls(settings, name).pause(reason)
    console.print(f"{name} is paused; only opt-outs go out. `cdp sync resume {name}` ends it.")


@click.command()
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
def resume(name: str, dry_run: bool) -> None:
    """End a pause; the next run sends what has changed meanwhile, through every gate.

    \b
    Example:
      cdp sync resume mailchimp_lapsed
    """
    settings = Settings.load()
    find_sync(read_declared(settings), name)
    if dry_run:
        console.print(f"{name} would be sent again from the next run on. Nothing was changed.")
        return
    was_paused = _controls(settings, name).resume()
    console.print(f"{name} goes out again from the next run on." if was_paused else f"{name} was not paused.")


@click.command()
@click.argument("name")
@click.option("--reason", required=True, help="Why, for whoever looks at the log later.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
def cancel(name: str, reason: str, dry_run: bool) -> None:
    """End the run of a sync that is going on now, after what is in the air; opt-outs still go out.

    What it has not sent stays planned: the next run sends it, unless the sync is paused too.

    \b
    Example:
      cdp sync cancel mailchimp_contacts --reason "wrong list"
    """
    settings = Settings.load()
    find_sync(read_declared(settings), name)
    if dry_run:
        console.print(f"A run of {name} that is going on would end. Nothing was changed.")
        return
    _controls(settings, name).cancel(reason)
    console.print(
        f"A run of {name} that is going on ends after what is in the air. What it has not sent stays planned."
    )


def _controls(settings: Settings, name: str) -> Controls:
    return Controls(lambda: open_state(settings), name, getpass.getuser(), settings.now())


COMMANDS = (retry, reset, pause, resume, cancel)
