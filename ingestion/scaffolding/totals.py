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
    """The rows (by `_file` and `_row`) and what they say in which raw column."""

    rows: list[tuple[str, int]]
    labels: dict[str, tuple[str, ...]]


def find_totals(connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> Totals:
    """Among each file's last rows, those whose first filled cell says total."""
    label = f"coalesce({', '.join(map(quoted, columns))})"
    which = " ".join(f"when {quoted(column)} is not null then {literal(column)}" for column in columns)
    from_end = "row_number() over (partition by _file order by _row desc)"
    found = connection.execute(
        f"select _file, _row, case {which} end, {label} from (from {relation} qualify {from_end} <= {_LAST_ROWS}) "
        f"where regexp_full_match({label}, {literal(_LABEL)}) order by all"
    ).fetchall()
    labels: dict[str, tuple[str, ...]] = {}
    for _, _, column, text in found:
        labels[column] = tuple(dict.fromkeys([*labels.get(column, ()), text]))
    return Totals([(file, row) for file, row, _, _ in found], labels)


def without_totals(relation: str, totals: Totals) -> str:
    """The relation (SQL after FROM) without these rows."""
    if not totals.rows:
        return relation
    rows = ", ".join(f"({literal(file)}, {row})" for file, row in totals.rows)
    return f"(from {relation} where (_file, _row) not in ({rows})) as records"
