"""How many rows each table has, for what Dagster shows: read from the catalogue, without a scan."""

from __future__ import annotations

import duckdb

NOT_BY_DBT = ("raw", "identity", "state")


def row_counts(connection: duckdb.DuckDBPyConnection, schema: str | None = None) -> dict[str, int]:
    """Table → rows, of one schema; without one, of every table that dbt builds (their names are unique)."""
    rows = connection.execute(
        "select schema_name, table_name, estimated_size from duckdb_tables()"
    ).fetchall()
    return {
        table: count
        for found, table, count in rows
        if (found == schema if schema is not None else found not in NOT_BY_DBT)
    }
