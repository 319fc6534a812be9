"""What the doubles remember, in one SQLite file that survives being killed: requests, deliveries, faults, and the tools' tables.

What a request means, and which tables a tool needs, is decided in the files of the tools.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

_SCHEMA = """
create table if not exists requests (
    id integer primary key autoincrement, tool text, method text, path text, body text, status integer);
create table if not exists deliveries (
    id integer primary key autoincrement, tool text, target text, action text, person text);
create table if not exists faults (
    id integer primary key autoincrement, tool text, kind text, times integer, method text, path_part text,
    retry_after real, seconds real);
"""


class Store:
    """The state file. Every change is durable when the method returns; one thread uses it (the server's loop)."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute("pragma journal_mode = wal")
        # enough against the process being killed; only losing power could take the last writes
        self.connection.execute("pragma synchronous = normal")
        self.prepare(_SCHEMA)

    def prepare(self, schema: str) -> None:
        """Make the tables of a schema, and add the columns that a file of an earlier version lacks."""
        self.connection.executescript(schema)
        with closing(sqlite3.connect(":memory:")) as fresh:
            fresh.executescript(schema)
            tables = [
                name for (name,) in fresh.execute("select name from sqlite_master where type = 'table'")
            ]
            for table in tables:
                here = {row["name"] for row in self.rows(f"pragma table_info({table})")}
                for _, name, kind, _, default, _ in fresh.execute(f"pragma table_info({table})").fetchall():
                    if name not in here:
                        self.connection.execute(
                            f"alter table {table} add column {name} {kind} default {default or 'null'}"
                        )

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        return [dict(row) for row in self.connection.execute(sql, values).fetchall()]

    def one(self, sql: str, *values: object) -> dict[str, Any] | None:
        rows = self.rows(sql, *values)
        return rows[0] if rows else None

    def write(self, sql: str, *values: object) -> int:
        """Run one statement; returns the id of an inserted row."""
        return int(self.connection.execute(sql, values).lastrowid or 0)

    def write_many(self, sql: str, values: Iterable[tuple[object, ...]]) -> None:
        self.connection.execute("begin")
        self.connection.executemany(sql, values)
        self.connection.execute("commit")

    def log_request(self, tool: str, method: str, path: str, body: object, status: int) -> None:
        self.write(
            "insert into requests (tool, method, path, body, status) values (?, ?, ?, ?, ?)",
            tool,
            method,
            path,
            json.dumps(body) if body is not None else None,
            status,
        )

    def deliver(self, tool: str, target: str, action: str, people: Iterable[str]) -> None:
        """Note that a change was carried out for people, once per time it was asked for."""
        self.write_many(
            "insert into deliveries (tool, target, action, person) values (?, ?, ?, ?)",
            [(tool, target, action, person) for person in people],
        )

    def add_fault(self, fault: Mapping[str, Any]) -> None:
        names = ("tool", "kind", "times", "method", "path_part", "retry_after", "seconds")
        values = [fault.get(name) for name in names]
        marks = ", ".join("?" for _ in names)
        self.write(f"insert into faults ({', '.join(names)}) values ({marks})", *values)

    def take_fault(self, tool: str, method: str, path: str) -> dict[str, Any] | None:
        """The next fault meant for this request, counted down; None when it is to be answered well."""
        fault = self.one(
            "select * from faults where times > 0 and tool in (?, 'any') and coalesce(method, ?) = ? "
            "and instr(?, coalesce(path_part, '')) > 0 order by id limit 1",
            tool,
            method,
            method,
            path,
        )
        if fault:
            self.write("update faults set times = times - 1 where id = ?", fault["id"])
        return fault

    def close(self) -> None:
        self.connection.close()
