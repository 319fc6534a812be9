"""Copies what SQL needs from the state file into warehouse schema `state`, so that dbt needs no second file.

Which run this is and what "now" means for it (`state.run_context`) is written here too.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from warehouse.connections import STATE_CATALOG

STATE_TABLES = {"consent_log": "platform.consent_log"}


def copy_state(connection: duckdb.DuckDBPyConnection, *, run_id: str, as_of: datetime) -> dict[str, int]:
    """Fill warehouse schema `state` from the attached state file; returns rows per table.

    `run_context` has one row: run_id, as_of (naive UTC). One transaction: old or new, never half.
    """
    connection.execute("begin")
    connection.execute("create schema if not exists state")
    connection.execute("create or replace table state.run_context (run_id text, as_of timestamp)")
    connection.execute("insert into state.run_context values (?, ?)", [run_id, as_of])
    rows = {"run_context": 1}
    for table, origin in STATE_TABLES.items():
        connection.execute(f"create or replace table state.{table} as from {STATE_CATALOG}.{origin}")
        rows[table] = _count(connection, f"state.{table}")
    connection.execute("commit")
    return rows


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"select count(*) from {table}").fetchone()
    return int(row[0]) if row else 0
