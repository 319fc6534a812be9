"""One table or query of a database as a dlt resource: rows in Arrow, every value as text.

Columns are not declared to the driver: one value that does not fit its column's type (a zero date, text in a number of
SQLite) would end the pull, and raw tables keep text anyway. What it should be is checked when it is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import dlt
import orjson
import pyarrow as pa
import sqlalchemy as sa
from dlt.extract import DltResource
from dlt.sources.sql_database import TableLoader, sql_table

from ingestion.connectors.cursors import to_instant
from ingestion.declarations import Database, Since, Table

CHUNK_ROWS = 50_000
# the drivers this project installs, where an address names none
_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}


def create_engine(address: str) -> sa.Engine:
    """An engine for an address like `postgresql://user:password@host/database`. Raises sqlalchemy's ArgumentError."""
    url = sa.make_url(address)
    return sa.create_engine(url.set(drivername=_DRIVERS.get(url.drivername, url.drivername)))


def database_resource(database: Database, table: Table, engine: sa.Engine, now: datetime) -> DltResource:
    """The resource that yields the rows at or after the newest cursor seen; all of them without a cursor.

    The overlap goes off times only: how to take minutes off a number or a text (SQLite's times) is not known.
    """
    # a table of which nothing is known: without columns there is nothing to reflect, and no type to convert to
    unknown = sa.MetaData(schema=database.db_schema)
    sa.Table(table.name, unknown)
    overlap = timedelta(minutes=database.overlap_minutes)

    class TextLoader(TableLoader):
        def _make_query(self) -> Any:  # noqa: ANN401 (dlt's own type is any select)
            return _query(database, table, overlap)

        def _convert_result(self, result: Any, _options: dict[str, Any]) -> Iterator[pa.Table]:  # noqa: ANN401
            yield from read_chunks(result, table, now)

    return sql_table(
        credentials=engine,
        table=table.name,
        metadata=unknown,
        chunk_size=CHUNK_ROWS,
        backend="pyarrow",
        reflection_level="minimal",
        table_loader_class=TextLoader,
    )


def read_chunks(result: sa.CursorResult[Any], table: Table, now: datetime) -> Iterator[pa.Table]:
    """The result in Arrow tables of text columns; the newest cursor value goes to the pull's state."""
    names = list(result.keys())
    place = names.index(table.cursor) if table.cursor in names else None
    for rows in result.partitions(CHUNK_ROWS):
        if place is not None:
            _remember(table, [row[place] for row in rows], now)
        columns = list(zip(*rows, strict=True))
        yield pa.table([_text_column(column) for column in columns], names=names)


def _text_column(values: Sequence[object]) -> pa.Array:
    if set(map(type, values)) <= {str, type(None)}:
        return pa.array(values, pa.string())  # ten times as fast as looking at each value
    return pa.array(map(to_text, values), pa.string())


def to_text(value: object) -> str | None:
    """A driver's value as the text a file would have held: ISO 8601, plain decimals, JSON, hexadecimal bytes."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
        case timedelta():
            return _clock(value)
        case dict() | list():
            return orjson.dumps(value, default=str).decode()
        case bytes() | memoryview():
            return bytes(value).hex()
        case _:
            return str(value)


def _clock(span: timedelta) -> str:
    """`08:30:00`: a time of day of MySQL, whose driver gives a span of time, or a span as MySQL writes it (`-26:00:00`)."""
    length = abs(span)
    minutes, seconds = divmod(length.days * 86_400 + length.seconds, 60)
    fraction = f".{length.microseconds:06}" if length.microseconds else ""
    return f"{'-' * (span < timedelta(0))}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}{fraction}"


def _query(database: Database, table: Table, overlap: timedelta) -> Any:  # noqa: ANN401
    rows: Any = sa.table(table.name, schema=database.db_schema)
    if table.query:
        query_text = table.query.strip().rstrip(";").replace(":", "\\:")  # a colon is none of our parameters
        rows = sa.text(f"({query_text}) as pulled")
    query = sa.select(sa.text("*")).select_from(rows)
    newest = None if table.load == "replace" else _state(table).get("newest")
    if table.cursor is None or newest is None:
        return query
    cursor: sa.ColumnElement[Any] = sa.column(table.cursor)
    start = newest - overlap if isinstance(newest, datetime) else newest
    # rows without a cursor value are asked for each time: they could not be told from new ones
    return query.where(sa.or_(cursor >= start, cursor.is_(None)))


def _remember(table: Table, values: Sequence[Any], now: datetime) -> None:
    """Keep the largest cursor value that is not after `now`: one in the future would hide every change until then."""
    known = _state(table).get("newest")
    try:
        past = (value for value in values if value is not None and not _is_future(value, now))
        largest = max(past, default=None)
        if largest is not None and (known is None or known < largest):
            _state(table)["newest"] = largest
    except TypeError:
        return  # numbers among texts, as SQLite allows, have no order: the rows come again next time


def _is_future(value: object, now: datetime) -> bool:
    if isinstance(value, str):
        value = to_instant(value, Since())
    if isinstance(value, datetime):
        return value > (now.replace(tzinfo=UTC) if value.tzinfo else now)
    return isinstance(value, date) and value > now.date()


def _state(table: Table) -> dict[str, Any]:
    return dlt.current.resource_state(table.name)
