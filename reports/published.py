"""Reads rows of published tables, and says in a sentence when a table is not there.

Which rows, is the caller's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import duckdb

from reports.errors import NotPublished

Row = dict[str, Any]


def read_rows(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object] = ()
) -> list[Row]:
    """The rows by column name. Raises NotPublished when a table or a column does not exist."""
    try:
        cursor = connection.execute(sql, list(parameters))
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise NotPublished(
            f"The published tables lack something: {str(error).splitlines()[0]} "
            "They were made by an earlier version, or a part of the run failed. Run `cdp run`, then look again."
        ) from error
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def read_as_of(connection: duckdb.DuckDBPyConnection) -> datetime:
    """The moment the published run stands for (naive UTC). Raises NotPublished when no run has set one."""
    rows = read_rows(connection, "select max(as_of) as as_of from state.run_context")
    if rows[0]["as_of"] is None:
        raise NotPublished("The published tables do not say when they were made. Run `cdp run` first.")
    as_of: datetime = rows[0]["as_of"]
    return as_of


def read_first_day(connection: duckdb.DuckDBPyConnection) -> date | None:
    """The first day of which anything is known; None where nothing is. Raises NotPublished."""
    rows = read_rows(connection, "select min(date_day) as first_day from metrics.time_spine")
    first: date | None = rows[0]["first_day"]
    return first


def to_date(value: date | datetime) -> date:
    """A day, also where an engine made a timestamp of it."""
    return value.date() if isinstance(value, datetime) else value


def read_currency(connection: duckdb.DuckDBPyConnection) -> str:
    """The shop's currency, in which the marts hold amounts; in words while there is no customer that shows which."""
    rows = read_rows(
        connection, "select coalesce(max(currency), 'the shop''s currency') as currency from marts.customers"
    )
    return str(rows[0]["currency"])
