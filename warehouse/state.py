"""The durable state's schema: numbered SQL files applied in order, each once, each in its own transaction.

What the tables mean belongs to the room that owns the migration file.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from warehouse.errors import StateTooNew

MIGRATIONS_DIR = Path(__file__).parent / "migrations"


def migrate(connection: duckdb.DuckDBPyConnection) -> int:
    """Bring the state file to the newest version and return it; does nothing when it already is.

    Raises StateTooNew when the file knows migrations that this software does not.
    """
    connection.execute("create schema if not exists platform")
    connection.execute(
        "create table if not exists platform.migrations (version integer, name text, applied_at timestamp)"
    )
    applied = {
        version for (version,) in connection.execute("select version from platform.migrations").fetchall()
    }
    known = {int(path.name.split("_")[0]): path for path in sorted(MIGRATIONS_DIR.glob("*.sql"))}
    _refuse_newer(applied - known.keys())
    for version in sorted(known.keys() - applied):
        _apply(connection, version, known[version])
    return max(known, default=0)


def _apply(connection: duckdb.DuckDBPyConnection, version: int, path: Path) -> None:
    connection.execute("begin")
    try:
        connection.execute(path.read_text())
        connection.execute(
            "insert into platform.migrations values (?, ?, now()::timestamp)", [version, path.stem]
        )
        connection.execute("commit")
    except duckdb.Error:
        connection.execute("rollback")
        raise


def _refuse_newer(unknown: set[int]) -> None:
    if unknown:
        raise StateTooNew(
            f"The state file has been migrated to version {max(unknown)}, which this software does not know. "
            f"Update the software, or restore an older backup of the state."
        )
