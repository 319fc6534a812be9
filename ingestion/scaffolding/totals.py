"""Rows at the end of a sheet that add up the others: they are no records.

Only found here; that staging leaves them out is declared (`leave_out`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from ingestion.naming import literal, quoted

_LABEL = (
    r"(?i)\s*((grand|sub)[ -]?)?(total|totals|sum|summe|gesamt|gesamtsumme|zwischensumme|somme|totale|suma|razem|celkem"
    r"|итого|total général|totaal)\b[\s:]*.{0,20}"
)
_LAST_ROWS = 3


@dataclass(frozen=True)
class Totals:
    """The rows (by `_row`) and what they say in which raw column."""

    rows: list[int]
    labels: dict[str, tuple[str, ...]]


def find_totals(connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> Totals:
    """Among each file's last rows, those whose first filled cell says total."""
    first = f"coalesce({', '.join(map(quoted, columns))})"
    which = " ".join(f"when {quoted(column)} is not null then {literal(column)}" for column in columns)
    found = connection.execute(
        f"select _row, case {which} end, {first} from {relation} "
        f"where regexp_full_match({first}, {literal(_LABEL)}) "
        f"qualify _row > max(_row) over (partition by _file) - {_LAST_ROWS} order by _row"
    ).fetchall()
    last = _last_rows(connection, relation)
    found = [row for row in found if row[0] in last]
    labels: dict[str, tuple[str, ...]] = {}
    for _, column, label in found:
        labels[column] = tuple(dict.fromkeys([*labels.get(column, ()), label]))
    return Totals([row for row, _, _ in found], labels)


def _last_rows(connection: duckdb.DuckDBPyConnection, relation: str) -> set[int]:
    rows = connection.execute(
        f"select _row from {relation} qualify row_number() over (partition by _file order by _row desc) <= {_LAST_ROWS}"
    ).fetchall()
    return {row for (row,) in rows}
