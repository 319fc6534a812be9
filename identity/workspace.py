"""How this room works on its caller's connection: a scratch catalog in memory, and reading single rows.

What the tables hold is said by the modules that make them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

CATALOG = "identity_scratch"


@contextmanager
def workspace(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Make the scratch catalog the default one; yields the name of the catalog that was (the warehouse's).

    Splink creates unqualified tables: here they can never be left behind in the warehouse file, not even by a kill.
    """
    warehouse, schema = _default(connection)
    connection.execute(f"attach ':memory:' as {CATALOG}")
    connection.execute(f"use {CATALOG}")
    try:
        yield warehouse
    finally:
        connection.execute(f'use "{warehouse}"."{schema}"')
        connection.execute(f"detach {CATALOG}")


def first_row(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: list[Any] | None = None
) -> tuple[Any, ...] | None:
    """The first row of a query, or None. Reads to the end: a half-read result blocks the next relation query."""
    rows = connection.execute(query, parameters or []).fetchall()
    return rows[0] if rows else None


def count_rows(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """The number of rows in a table."""
    return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])


def _default(connection: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    ((database, schema),) = connection.execute("select current_database(), current_schema()").fetchall()
    return str(database), str(schema)
