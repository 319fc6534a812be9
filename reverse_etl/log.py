"""Reading what was sent: the operation log, the runs and the refused rows, for the command line and for people.

Writing them is the journal's work.
"""

from __future__ import annotations

from typing import Any

import duckdb


def read_log(
    connection: duckdb.DuckDBPyConnection, sync: str | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """The newest operations first (rows of activation.sync_log as dicts), of one sync or of all."""
    return _rows(
        connection,
        "select * from activation.sync_log where $sync is null or sync = $sync "
        "order by finished_at desc, op_id limit $limit",
        sync,
        limit,
    )


def read_runs(
    connection: duckdb.DuckDBPyConnection, sync: str | None = None, limit: int = 20
) -> list[dict[str, Any]]:
    """The newest runs first (rows of activation.sync_runs as dicts)."""
    return _rows(
        connection,
        "select * from activation.sync_runs where $sync is null or sync = $sync "
        "order by finished_at desc, sync limit $limit",
        sync,
        limit,
    )


def read_newest_runs(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The newest run of every sync that ever ran, by sync (rows of activation.sync_runs as dicts)."""
    return as_dicts(
        connection.execute(
            "select * from activation.sync_runs "
            "qualify row_number() over (partition by sync order by finished_at desc) = 1 order by sync"
        )
    )


def read_refusals(
    connection: duckdb.DuckDBPyConnection, sync: str | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """Rows that the newest run of their sync did not send, each with its reason."""
    return _rows(
        connection,
        "select * from activation.refusals where $sync is null or sync = $sync "
        "order by sync, reason, record_key limit $limit",
        sync,
        limit,
    )


def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str, sync: str | None, limit: int
) -> list[dict[str, Any]]:
    return as_dicts(connection.execute(sql, {"sync": sync, "limit": limit}))


def as_dicts(cursor: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """What a query found, each row by column name."""
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
