"""Copies the state file to Parquet folders and back: the one store that cannot be rebuilt.

When a backup is taken is the run's decision; how many are kept is a setting.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb

from warehouse.errors import WarehouseError
from warehouse.settings import Settings
from warehouse.sql_text import path_literal


def back_up(connection: duckdb.DuckDBPyConnection, settings: Settings, name: str) -> Path:
    """Write every state table to `<data>/backups/<name>/` and drop the oldest beyond `backups_kept`.

    The folder appears whole or not at all (written beside, then renamed). Names must sort by time.
    """
    target = settings.backups_dir / name
    fresh = target.with_name(f".{name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"export database {path_literal(fresh)} (format parquet)")
    shutil.rmtree(target, ignore_errors=True)
    os.replace(fresh, target)
    for old in list_backups(settings)[: -settings.backups_kept]:
        shutil.rmtree(old)
    return target


def list_backups(settings: Settings) -> list[Path]:
    """Backup folders, oldest first."""
    if not settings.backups_dir.is_dir():
        return []
    return sorted(path for path in settings.backups_dir.iterdir() if (path / "load.sql").exists())


def restore(settings: Settings, backup: Path) -> None:
    """Replace the state file by a backup; the present file is kept beside it as `state.duckdb.before-restore`.

    Raises WarehouseError when `backup` is not a complete backup folder.
    """
    if not (backup / "load.sql").exists():
        raise WarehouseError(f"{backup} is not a backup (no load.sql in it). `cdp status` lists the backups.")
    fresh = settings.state_path.with_suffix(".restoring")
    fresh.unlink(missing_ok=True)
    with duckdb.connect(fresh) as connection:
        connection.execute(f"import database {path_literal(backup)}")
    if settings.state_path.exists():
        os.replace(settings.state_path, settings.state_path.with_suffix(".duckdb.before-restore"))
    # a write-ahead log of the old file must not be replayed into the restored one
    settings.state_path.with_suffix(".duckdb.wal").unlink(missing_ok=True)
    os.replace(fresh, settings.state_path)
