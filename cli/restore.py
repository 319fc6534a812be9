"""`cdp restore`: put a backup of the state file back."""

from __future__ import annotations

from pathlib import Path

import click

from warehouse.backups import list_backups
from warehouse.backups import restore as restore_backup
from warehouse.run_lock import take_run_lock
from warehouse.settings import Settings


@click.command()
@click.argument("backup", required=False, type=click.Path(path_type=Path))
def restore(backup: Path | None) -> None:
    """Put a backup of the state (ids, consent, sync ledger) back; without BACKUP, list them.

    The present state file is kept beside the restored one, and what people said since comes along. The warehouse is not touched: `cdp run` rebuilds it.
    """
    settings = Settings.load()
    if backup is None:
        for path in list_backups(settings):
            click.echo(path)
        return
    take_run_lock(settings)  # a run under way would go on writing into the file that is put aside
    restore_backup(settings, backup)
    click.echo(
        f"Restored {backup.name}. A state file that was there is kept as {settings.state_path.name}.before-restore; "
        f"opt-outs recorded since came along, as far as it could be read.\n"
        f"`cdp run` next; then `cdp sync verify` shows whom a tool holds without our knowing."
    )
