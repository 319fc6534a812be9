"""Two nights of deliveries for tables of every kind, and a process that is killed while it loads them.

For `test_load_kills.py`; importing this is what the process that is forked for every trial has done before.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from ingestion.declarations import Source
from ingestion.loader import load

LOADED_AT = datetime(2026, 11, 1)
_TABLE = {
    "description": "One row per thing.",
    "format": "csv",
    "required": ["Id", "Name"],
    "columns": [{"name": "Id", "type": "integer"}, "Name", {"name": "Seen", "type": "date"}],
}
SOURCE = Source.model_validate(
    {
        "name": "shop",
        "title": "Shop",
        "description": "For tests.",
        "owner": "tests",
        "expected_every_hours": 24,
        "tables": [
            _TABLE | {"name": "versions", "files": ["versions*"], "load": "upsert", "keys": ["Id"]},
            _TABLE | {"name": "whole", "files": ["whole*"], "load": "replace", "keys": ["Id"]},
            _TABLE | {"name": "lines", "files": ["lines*"], "load": "upsert", "keys": ["Id"], "lines": True},
            _TABLE | {"name": "events", "files": ["events*"]},
        ],
    }
)
# everything a load leaves, but for when, against what it was compared, and when the files were written
CONTENTS = (
    *(f"from raw.shop_{table.name} order by all" for table in SOURCE.tables),
    "select * exclude (compared_to, modified_at) from raw.loads order by load_id",
    "from raw.rejected_rows order by all",
    "from raw.schema_changes order by all",
    "from raw.live_keys order by all",
    "from raw.deleted_rows order by all",
)
# loads that are not whole: rows stored and rows said to be stored differ, or rows belong to no load
HALF_LOADED = " union all ".join(
    f"""
    select coalesce(stored._load_id, loads.load_id) from
        (select _load_id, count(*) as rows from raw.shop_{table.name} group by all) as stored
        full join (select load_id, rows_loaded - rows_unchanged as rows from raw.loads
            where table_name = '{table.name}' and status = 'loaded') as loads on stored._load_id = loads.load_id
    where coalesce(stored.rows, 0) is distinct from loads.rows
    """
    for table in SOURCE.tables
)


def deliver(folder: Path, night: int) -> None:
    """What lies in landing that night: changes, a shorter whole table, a late file, a new column, bad rows."""
    landing = folder / "landing" / "shop"
    landing.mkdir(parents=True, exist_ok=True)
    day = "2026-10-30" if night == 1 else "2026-10-31"
    for table in SOURCE.tables:
        rows = [
            f"{i % 40 if table.lines else i},{'new' if i % 7 == night else 'old'} {i}," for i in range(200)
        ]
        gone = rows[:-30] if table.name == "whole" and night == 2 else rows
        # a whole table with rejected rows would delete nothing
        bad = ["x,not a number,", "7,not a day,soon", "short"] if gone is rows else []
        text = "Id,Name,Seen\n" + "\n".join([*gone, *bad]) + "\n"
        (landing / f"{table.name}_{day}.csv").write_text(text)
    if night == 2:
        (landing / "versions_2026-10-29.csv").write_text("Id,Name,Seen\n1,late,\n2,old 2,\n")
        (landing / "events_2026-10-31b.csv").write_text("Id,Name,Colour\n1,a,blue\n")
        (landing / "events_2026-10-31c.csv").write_text('Id,Name\n1,"cut off')


def load_all(folder: Path, connection: Any = None) -> None:
    if connection is not None:
        load(connection, folder / "landing", [SOURCE], loaded_at=LOADED_AT)
        return
    with duckdb.connect(folder / "warehouse.duckdb", config={"threads": 1}) as opened:
        load_all(folder, opened)


def contents(folder: Path) -> list[list[tuple[object, ...]]]:
    with duckdb.connect(folder / "warehouse.duckdb", config={"threads": 1}) as connection:
        assert connection.execute(HALF_LOADED).fetchall() == []
        return [connection.execute(sql).fetchall() for sql in CONTENTS]


class CountedConnection:
    """A connection that counts what it is asked to do, and kills its process before request number `dies_at`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, dies_at: int | None = None) -> None:
        self._connection, self._dies_at = connection, dies_at
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        if name in ("execute", "begin", "commit", "rollback"):
            self.asked += 1
            if self.asked == self._dies_at:
                os.kill(os.getpid(), signal.SIGKILL)
        return getattr(self._connection, name)


def load_and_die(folder: Path, dies_at: int | None, after_seconds: float | None) -> None:
    """Runs in a process of its own, which does not outlive it."""
    if after_seconds is not None:
        seconds = after_seconds
        threading.Thread(target=lambda: (time.sleep(seconds), os.kill(os.getpid(), signal.SIGKILL))).start()
    with duckdb.connect(folder / "warehouse.duckdb", config={"threads": 1}) as connection:
        load_all(folder, CountedConnection(connection, dies_at))
    time.sleep(60 if after_seconds is not None else 0)  # killed just after the end
