"""Copies the state file to Parquet folders and back: the one store that cannot be rebuilt.

When a backup is taken is the run's decision; how many are kept is a setting.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

import duckdb

from warehouse.errors import WarehouseError
from warehouse.settings import Settings
from warehouse.sql_text import path_literal
from warehouse.state import migrate


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


# Of the present state, what a backup must not make undone: statement by statement what people said; whom a tool was told
# of since the backup counts as being there (without a row hash: sent once more if wanted), so that an opt-out removes them.
CARRIED = (
    "insert into platform.consent_log by name from {source}.platform.consent_log on conflict do nothing",
    "insert into activation.targets by name from {source}.activation.targets on conflict do nothing",
    "insert into activation.declared by name from {source}.activation.declared on conflict do nothing",
    """insert into activation.acked by name
    select * replace ('' as row_hash, null::ubigint as fingerprint) from {source}.activation.acked
    where (sync, target_key, remote_id) not in (select (sync, target_key, remote_id) from activation.acked)""",
)
# The warehouse holds the statements of its last run.
_FROM_WAREHOUSE = (
    "insert into platform.consent_log by name from {source}.state.consent_log on conflict do nothing",
)


def _carry_over(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    sources = (
        (settings.state_path, CARRIED),
        (settings.warehouse_path, _FROM_WAREHOUSE),
        (settings.published_path, _FROM_WAREHOUSE),
    )
    for path, statements in sources:
        # what is lost, torn or of another version brings nothing
        with suppress(duckdb.Error):
            if path.exists():
                connection.execute(f"attach {path_literal(path)} as present (read_only)")
        for statement in statements:
            with suppress(duckdb.Error):
                connection.execute(statement.format(source="present"))
        with suppress(duckdb.Error):
            connection.execute("detach present")


def restore(settings: Settings, backup: Path) -> None:
    """Replace the state file by a backup; the present file is kept beside it as `state.duckdb.before-restore`.

    What people have said since, and whom the tools have been told of since, comes along (CARRIED), as far as the present
    file or the warehouse can be read: going back must not forget an opt-out. Raises WarehouseError when `backup` is not a
    complete backup folder.
    """
    if not (backup / "load.sql").exists():
        raise WarehouseError(
            f"{backup} is not a backup (no load.sql in it). `cdp restore` lists the backups."
        )
    fresh = settings.state_path.with_suffix(".restoring")
    fresh.unlink(missing_ok=True)
    try:
        with duckdb.connect(fresh) as connection:
            connection.execute(f"import database {path_literal(backup)}")
            migrate(connection)
            _carry_over(connection, settings)
    except duckdb.Error as error:
        fresh.unlink(missing_ok=True)
        raise WarehouseError(
            f"{backup} is not complete, and nothing was changed: {str(error).splitlines()[0]}. Try an older one "
            f"(`cdp restore` lists them)."
        ) from error
    if settings.state_path.exists():
        os.replace(settings.state_path, settings.state_path.with_suffix(".duckdb.before-restore"))
    # a write-ahead log of the old file must not be replayed into the restored one
    settings.state_path.with_suffix(".duckdb.wal").unlink(missing_ok=True)
    os.replace(fresh, settings.state_path)
