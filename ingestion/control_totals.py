"""What a source's own rows add up to, straight from the raw tables, so that the marts can be held against it.

An independent path: nothing of staging is used. What explains a difference is found by the model `reconciliation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from ingestion.declarations import ControlTotal, Source, Table
from ingestion.naming import literal, quoted

_TABLE = """
create or replace table raw.control_totals (
    source varchar, table_name varchar, measure varchar, currency varchar, total decimal(38, 4), rows bigint,
    rows_rejected bigint, is_stated boolean, computed_at timestamp
)
"""
_REJECTED = "(select count(*) from raw.rejected_rows where source = {source} and table_name = {table})"


def compute(connection: duckdb.DuckDBPyConnection, sources: Sequence[Source], now: datetime) -> None:
    """Fill `raw.control_totals`: one row per source, table, measure, currency, and whether the source stated it.

    Called after a load; `now` is naive UTC. `rows` had a figure, `rows_rejected` of the table are in no figure.
    `currency` is null for counts, and where neither row nor source knows it: then the shop's counts.
    """
    declared = [(source, table) for source in sources for table in source.tables]
    figures = [
        figure
        for source, table in declared
        for total in table.control_totals
        for figure in connection.execute(_query(connection, source, table, total)).fetchall()
    ]
    with_time = [(*figure, now) for figure in figures]
    connection.execute("begin")
    connection.execute(_TABLE)
    if with_time:
        connection.executemany("insert into raw.control_totals values (?, ?, ?, ?, ?, ?, ?, ?, ?)", with_time)
    connection.execute("commit")


def _query(connection: duckdb.DuckDBPyConnection, source: Source, table: Table, total: ControlTotal) -> str:
    """SQL whose rows are the figures of one control total, a row per currency."""
    rejected = _REJECTED.format(source=literal(source.name), table=literal(table.name))
    figure = "count(distinct value)" if total.count else "sum(value)"
    return f"""
        select {literal(source.name)}, {literal(table.name)}, {literal(total.measure)}, currency,
            {figure}::decimal(38, 4), count(value), {rejected}, {total.stated}
        from (
            select {_currency(source, table, total)} as currency, {_value(table, total)} as value
            from {_newest(connection, source, table, total)} as newest where {_condition(table, total)}
        ) where value is not null group by currency order by currency
    """


def _newest(connection: duckdb.DuckDBPyConnection, source: Source, table: Table, total: ControlTotal) -> str:
    """The raw rows that count: of each key the newest row, of each `per` the rows of its newest delivery.

    Outdated rows are left out, not the newest ones ranked: what was delivered once costs one grouping. A row without a
    key has no other version, so it counts.
    """
    raw = f"raw.{quoted(source.raw_table(table))}"
    keys = [quoted(table.raw_name(key)) for key in total.per or table.keys]
    if not keys:
        return raw
    age = _age(connection, source, table, whole_delivery=bool(total.per))
    same = " and ".join(f"repeated.{key} = delivered.{key}" for key in keys)
    return f"""(
        select * from {raw} as delivered where not exists (
            select 1 from (
                select {", ".join(keys)}, max({age}) as age from {raw} group by all having max({age}) > min({age})
            ) as repeated where {same} and repeated.age > {age}
        )
    )"""


def _age(connection: duckdb.DuckDBPyConnection, source: Source, table: Table, *, whole_delivery: bool) -> str:
    """SQL that is greater for newer rows: by delivery, load and row; rows of a `whole_delivery` are equally new."""
    found = connection.execute(
        "select column_name from duckdb_columns() where database_name = current_database() "
        "and schema_name = 'raw' and table_name = ? and column_name = '_delivered_at'",
        [source.raw_table(table)],
    ).fetchall()
    parts = [*(name for (name,) in found), "_load_id", *([] if whole_delivery else ["_row"])]
    return f"row({', '.join(parts)})"


def _value(table: Table, total: ControlTotal) -> str:
    if total.count:
        # an apostrophe keeps spreadsheets from making numbers of ids
        return f"nullif(trim({quoted(table.raw_name(total.count))}, ' '''), '')"
    others = [(sign, name) for sign, name in (("+", total.plus), ("-", total.minus)) if name]
    amounts = "".join(f" {sign} coalesce({_amount(table, name)}, 0)" for sign, name in others)
    return f"({_amount(table, total.sum or '')}{amounts})"


def _amount(table: Table, column: str) -> str:
    """An amount as written, `£1,234.50` or `(£12.00)`, by the file's decimal sign; brackets mean minus."""
    name = quoted(table.raw_name(column))
    text = f"replace(replace({name}, '.', ''), ',', '.')" if table.csv.decimal == "," else name
    minus = f"case when {name} like '(%' then '-' else '' end"
    return f"try_cast({minus} || regexp_replace({text}, '[^0-9.-]', '', 'g') as decimal(28, 4))"


def _currency(source: Source, table: Table, total: ControlTotal) -> str:
    known = literal(source.currency) if source.currency else "null::varchar"
    if total.count:
        return "null::varchar"
    if total.currency:
        return f"coalesce(nullif(upper(trim({quoted(table.raw_name(total.currency))})), ''), {known})"
    return known


def _condition(table: Table, total: ControlTotal) -> str:
    tests = [
        f"{quoted(table.raw_name(column))} in ({', '.join(map(literal, values))})"
        for column, values in total.where.items()
    ]
    return " and ".join(tests) or "true"
