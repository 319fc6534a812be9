"""The record of the newest pull of each source in the durable state (`platform.pulls`): when, and how it went.

What a pull brought lies in landing; asking sources is another room's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb


@dataclass(frozen=True)
class PullRecord:
    """One source's newest pull; `pulled_at` is naive UTC, `message` the reason where it failed."""

    source: str
    pulled_at: datetime
    status: str
    file_count: int
    message: str


def record_pull(connection: duckdb.DuckDBPyConnection, pull: PullRecord) -> None:
    """Replace what is known of this source's newest pull. `connection` is the state file."""
    connection.execute(
        "insert or replace into platform.pulls values (?, ?, ?, ?, ?)",
        [pull.source, pull.pulled_at, pull.status, pull.file_count, pull.message],
    )


def read_pulls(connection: duckdb.DuckDBPyConnection) -> list[PullRecord]:
    """The newest pull of every source that was ever asked, by name."""
    rows = connection.execute("select * from platform.pulls order by source").fetchall()
    return [PullRecord(*row) for row in rows]
