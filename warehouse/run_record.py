"""The record of each run in the durable state (`platform.runs`): when, as of when, how it ended.

What a run did is told by the tables it wrote; nothing is summed up here.
"""

from __future__ import annotations

import json
from datetime import datetime

import duckdb


def begin_run(
    connection: duckdb.DuckDBPyConnection, *, run_id: str, as_of: datetime, newest_load_id: int
) -> None:
    """Note that a run began (again, when it is repeated); `newest_load_id` tells later what was new in it.

    `connection` is the state file.
    """
    connection.execute(
        "insert or replace into platform.runs (run_id, started_at, as_of, status, summary)"
        " values (?, now()::timestamp, ?, 'running', ?)",
        [run_id, as_of, json.dumps({"newest_load_id_before": newest_load_id})],
    )


def end_run(connection: duckdb.DuckDBPyConnection, *, run_id: str, status: str) -> None:
    """Note how a run ended: `succeeded` or `failed`; a run that was killed stays `running`."""
    connection.execute(
        "update platform.runs set finished_at = now()::timestamp, status = ? where run_id = ?",
        [status, run_id],
    )
