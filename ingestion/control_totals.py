"""What a source's own rows add up to, straight from the raw tables, so that the marts can be held against it.

An independent path: nothing of staging is used. What explains a difference is found by the model `reconciliation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from ingestion.checks import as_instant
from ingestion.declarations import ControlTotal, Source, Table
from ingestion.naming import literal, quoted
from ingestion.versions import key_text
from warehouse.connections import transaction

_TABLE = """
create or replace table raw.control_totals (
    source varchar, table_name varchar, measure varchar, currency varchar, total decimal(38, 4), rows bigint,
    rows_rejected bigint, is_stated boolean, computed_at timestamp
)
"""
_OF_TABLE = "source = {source} and table_name = {table}"


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
        for figure in connection.execute(_query(source, table, total)).fetchall()
    ]
    with_time = [(*figure, now) for figure in figures]
    with transaction(connection):
        connection.execute(_TABLE)
        if with_time:
            connection.executemany(
                "insert into raw.control_totals values (?, ?, ?, ?, ?, ?, ?, ?, ?)", with_time
            )


def _query(source: Source, table: Table, total: ControlTotal) -> str:
    """SQL whose rows are the figures of one control total, a row per currency."""
    of_table = _OF_TABLE.format(source=literal(source.name), table=literal(table.name))
    distinct = "distinct " if total.count else ""
    return f"""
        select {literal(source.name)}, {literal(table.name)}, {literal(total.measure)}, currency,
            {"count" if total.count else "sum"}({distinct}value)::decimal(38, 4), count({distinct}value),
            (select count(*) from raw.rejected_rows where {of_table} and status = 'rejected'), {total.stated}
        from (
            select {_currency(source, table, total)} as currency, {_value(table, total)} as value
            from raw.{quoted(source.raw_table(table))} as delivered
            where {" and ".join(_conditions(source, table, total, of_table))}
        ) where value is not null group by currency order by currency
    """


def _conditions(source: Source, table: Table, total: ControlTotal, of_table: str) -> list[str]:
    """SQL that holds for the rows that count: asked for, records, the newest of their key, and not deleted since.

    With `lines`, all rows of a key's newest load are its newest; a row without a key has no other version, so it
    counts. Outdated rows are left out, not the newest ones ranked: what was delivered once costs one grouping.
    """
    tests = [_in(table, column, values) for column, values in total.where.items()]
    tests += [f"{_in(table, column, values)} is not true" for column, values in table.leave_out.items()]
    keys = [quoted(key) for key in table.raw_keys]
    # all versions of a row have its key, so that counting keys needs no newest one
    if keys and (total.where or total.count not in table.keys):
        age = _age(table)
        same = " and ".join(f"repeated.{key} = delivered.{key}" for key in keys)
        tests.append(
            f"""not exists (
                select 1 from (
                    select {", ".join(keys)}, max({age}) as age from raw.{quoted(source.raw_table(table))}
                    group by all having max({age}) > min({age})
                ) as repeated where {same} and repeated.age > {age}
            )"""
        )
    if table.load == "replace":
        tests.append(
            f"""not exists (
                select 1 from raw.deleted_rows as deleted where {of_table}
                and deleted.key_text = {key_text(table.raw_keys, "delivered.")}
                and row(deleted.delivered_at, deleted.deleted_in_load_id) >= row(_delivered_at, _load_id)
            )"""
        )
    return tests or ["true"]


def _in(table: Table, column: str, values: tuple[str, ...]) -> str:
    return f"({quoted(table.raw_name(column))} in ({', '.join(map(literal, values))}))"


def _age(table: Table) -> str:
    """SQL that is greater for newer rows: by cursor, delivery, load and row; lines of one load are equally new."""
    cursor = []
    if table.cursor:
        name = table.raw_name(table.cursor)
        instant = as_instant(name, table.raw_columns[name])
        cursor = [f"{instant} is not null", instant]  # a row without cursor is the oldest
    return f"row({', '.join([*cursor, '_delivered_at', '_load_id', *([] if table.lines else ['_row'])])})"


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
    text = name
    if table.csv.decimal == ",":
        # a number cell of a workbook has a point under either sign
        written = rf"{name} like '%,%' or regexp_matches({name}, '\d([.]\d{{3}})+(\D|$)')"
        text = f"case when {written} then replace(replace({name}, '.', ''), ',', '.') else {name} end"
    minus = f"case when {name} like '(%' then '-' else '' end"
    plain = f"{minus} || regexp_replace({text}, '[^0-9.-]', '', 'g')"
    return f"coalesce(try_cast({text} as decimal(28, 4)), try_cast({plain} as decimal(28, 4)))"


def _currency(source: Source, table: Table, total: ControlTotal) -> str:
    known = literal(source.currency) if source.currency else "null::varchar"
    if total.count:
        return "null::varchar"
    if total.currency:
        return f"coalesce(nullif(upper(trim({quoted(table.raw_name(total.currency))})), ''), {known})"
    return known
