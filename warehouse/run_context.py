"""Copies what SQL needs from the state file into warehouse schema `state`, so that dbt needs no second file.

Which run this is and what "now" means for it (`state.run_context`) is written here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import duckdb

from warehouse.connections import STATE_CATALOG, transaction

STATE_TABLES = {
    "consent_log": "platform.consent_log",
    "data_quality_history": "platform.data_quality_history",
}
# who is in which segment, as released last, and what was decided about each segment newest
SEGMENT_TABLES = {
    "segment_members": "select * from {state}.segments.members",
    "segment_stays": "select * from {state}.segments.stays",
    "segment_daily_sizes": "select * from {state}.segments.daily_sizes",
    "segment_decisions": """
        select d.* exclude (reasons, contract, override_id, recorded_at, run_id),
            array_to_string(d.reasons::text[], '; ') as reasons,
            coalesce(array_to_string((d.contract ->> '$.channel')::text[], ', '), 'none') as channel,
            coalesce((d.contract ->> '$.size_band[0]')::bigint, 0) as smallest_expected_size,
            coalesce((d.contract ->> '$.size_band[1]')::bigint, 0) as largest_expected_size,
            o.person, o.reason as override_reason
        from {state}.segments.decisions as d
        left join {state}.segments.overrides as o using (override_id)
        qualify row_number() over (partition by d.segment_name order by d.recorded_at desc) = 1
    """,
}
SENT_TABLES = {
    "sync_runs": "activation.sync_runs",
    "sync_log": "activation.sync_log",
    "refusals": "activation.refusals",
}


def copy_state(connection: duckdb.DuckDBPyConnection, *, run_id: str, as_of: datetime) -> dict[str, int]:
    """Fill warehouse schema `state` from the attached state file; returns rows per table.

    `run_context` has one row: run_id, as_of (naive UTC). One transaction: old or new, never half.
    """
    with transaction(connection):
        rows = _fill(connection, "state", _whole(STATE_TABLES))
        connection.execute("create or replace table state.run_context (run_id text, as_of timestamp)")
        connection.execute("insert into state.run_context values (?, ?)", [run_id, as_of])
    return {"run_context": 1, **rows}


def copy_segments(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Fill the `segment_*` tables of warehouse schema `state` from the attached state file; returns rows per table."""
    queries = {table: query.format(state=STATE_CATALOG) for table, query in SEGMENT_TABLES.items()}
    with transaction(connection):
        return _fill(connection, "state", queries)


def copy_sent(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Copy what was sent into warehouse schema `activation`, for readers; returns rows per table. No personal data."""
    with transaction(connection):
        return _fill(connection, "activation", _whole(SENT_TABLES))


def _whole(origins: Mapping[str, str]) -> dict[str, str]:
    return {table: f"from {STATE_CATALOG}.{origin}" for table, origin in origins.items()}


def _fill(connection: duckdb.DuckDBPyConnection, schema: str, queries: Mapping[str, str]) -> dict[str, int]:
    """Make tables of a schema anew, each from its query; returns rows per table."""
    connection.execute(f"create schema if not exists {schema}")
    for table, query in queries.items():
        connection.execute(f"create or replace table {schema}.{table} as {query}")
    return {table: _count(connection, f"{schema}.{table}") for table in queries}


def newest_load_id(connection: duckdb.DuckDBPyConnection) -> int:
    """The highest load id so far, 0 before the first load."""
    known = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'raw' and table_name = 'loads'"
    ).fetchone()
    return _scalar(connection, "select coalesce(max(load_id), 0) from raw.loads") if known else 0


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return _scalar(connection, f"select count(*) from {table}")


def _scalar(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
