"""Files cut in two between the lines of one order: its lines are brought together again.

Only the first and the last group of lines in a file can be cut; all others are compared whole, in `versions.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from ingestion.ledger import LedgerKey
from ingestion.naming import quoted
from ingestion.versions import UNCHANGED_TABLE, version_columns


@dataclass(frozen=True)
class _Edge:
    """A group of lines at the head or the tail of a load, and the newest load before that has the same key."""

    key: tuple[Any, ...]
    is_head: bool
    load_id: int
    lines: int


def settle_cut_groups(
    connection: duckdb.DuckDBPyConnection, key: LedgerKey, load_id: int, columns: list[str]
) -> None:
    """Judge the groups at the edges of this load, after the unchanged keys were noted.

    A part of a group that is all there already is unchanged too. Where another file of the same date ends (or begins)
    with the same group, the two are halves of one delivery: the other's lines move to this load, so that the newest
    load of the group has all of them. A file with a single group is a delivery of that group, not a half.
    """
    rows = f"raw.{quoted(key.delivery.raw_table)}"
    for edge in _edges(connection, rows, key, load_id):
        same = f"{_same(key)} and _load_id = {edge.load_id}"
        own = f"{_same(key)} and _load_id = {load_id}"
        listed = ", ".join(map(quoted, columns))
        lines, new = connection.execute(
            f"select (select count(*) from {rows} where {own}), (select count(*) from "
            f"(select {listed} from {rows} where {own} except all select {listed} from {rows} where {same}))",
            [*edge.key, *edge.key, *edge.key],
        ).fetchall()[0]
        if not new and lines < edge.lines:
            marks = ", ".join("?" * len(edge.key))
            connection.execute(f"insert into {UNCHANGED_TABLE} values ({marks})", edge.key)
        elif new and _is_other_half(connection, rows, key, edge):
            connection.execute(f"update {rows} set _load_id = {load_id} where {same}", edge.key)


def _edges(connection: duckdb.DuckDBPyConnection, rows: str, key: LedgerKey, load_id: int) -> list[_Edge]:
    names = _names(key)
    first_and_last = connection.execute(
        f"with brought as (from {rows} where _load_id = {load_id}), "
        f"bounds as (select min(_row) as head, max(_row) as tail, count(distinct row({names})) as groups from brought) "
        f"select _row = head, {names} from brought, bounds where _row in (head, tail) and groups > 1"
    ).fetchall()
    found = []
    for is_head, *values in first_and_last:
        before = connection.execute(
            f"select _load_id, count(*) from {rows} where {_same(key)} and _load_id <> {load_id} "
            f"and (_delivered_at < ? or (_delivered_at = ? and _load_id < {load_id})) "
            f"group by _load_id, _delivered_at order by _delivered_at desc, _load_id desc limit 1",
            [*values, key.delivered_at, key.delivered_at],
        ).fetchone()
        if before is not None:
            found.append(_Edge(tuple(values), is_head, *before))
    return found


def _is_other_half(connection: duckdb.DuckDBPyConnection, rows: str, key: LedgerKey, edge: _Edge) -> bool:
    """True when the group stands at the opposite edge of another file of the same date, which has other groups too."""
    ends = "max" if edge.is_head else "min"
    found = connection.execute(
        f"select {ends}(_row) filter ({_same(key)}) = {ends}(_row) and count(distinct row({_names(key)})) > 1 "
        f"and count(*) filter (_file = ? or _delivered_at <> ?) = 0 from {rows} where _load_id = {edge.load_id}",
        [*edge.key, key.delivery.file, key.delivered_at],
    ).fetchall()
    return bool(found[0][0])


def _names(key: LedgerKey) -> str:
    return ", ".join(map(quoted, version_columns(key.delivery.table)))


def _same(key: LedgerKey) -> str:
    return " and ".join(
        f"{quoted(name)} is not distinct from ?" for name in version_columns(key.delivery.table)
    )
