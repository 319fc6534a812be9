"""`cdp restore`: put a backup of the state file back."""

from __future__ import annotations

from pathlib import Path

import click

from warehouse.backups import list_backups
from warehouse.backups import restore as restore_backup
from warehouse.settings import Settings


@click.command()
@click.argument("backup", required=False, type=click.Path(path_type=Path))
def restore(backup: Path | None) -> None:
    """Put a backup of the state (ids, consent, sync ledger) back; without BACKUP, list them.

    The present state file is kept beside the restored one. The warehouse is not touched: `cdp run` rebuilds it.
    """
    settings = Settings.load()
    if backup is None:
        for path in list_backups(settings):
            click.echo(path)
        return
    restore_backup(settings, backup)
    click.echo(
        f"Restored {backup.name}. The state before is kept as {settings.state_path.name}.before-restore."
    )
