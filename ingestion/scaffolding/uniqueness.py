"""What tells one row from another, and when it last changed: key candidates and a cursor, tried on all rows.

A key found in one file is a guess: a small file makes many things unique by chance, so names count as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import duckdb

from ingestion.naming import quoted
from ingestion.scaffolding.guesses import Guess
from ingestion.scaffolding.vocabulary import CHANGED, IDS
from ingestion.scaffolding.words import is_named

_NEVER = frozenset(
    ["money", "decimal", "json", "boolean", "name", "address", "postcode", "country", "timestamp", "phone"]
)


def find_keys(
    connection: duckdb.DuckDBPyConnection, relation: str, guesses: Mapping[str, Guess]
) -> tuple[list[str], str]:
    """The declared names of the columns that make rows unique, and why; none when nothing does."""
    able = {
        raw: guess for raw, guess in guesses.items() if _is_full(guess) and guess.column.type not in _NEVER
    }
    unique = [raw for raw, guess in able.items() if guess.evidence.distinct == guess.evidence.rows]
    first = [raw for raw in unique if raw == next(iter(guesses))]
    for fits, among in ((_is_named_id, unique), (_is_email, unique), (_is_plain, first)):
        for raw in among:
            if fits(raw, able[raw]):
                rows = able[raw].evidence.rows
                return [able[raw].column.name], f"all {rows:,} rows have one, all different"
    likely = [raw for raw, guess in able.items() if _is_named_id(raw, guess) or guess.column.type == "date"]
    for pair in itertools.combinations(likely[:6], 2):
        if _is_unique(connection, relation, pair):
            return [able[raw].column.name for raw in pair], "together different in every row"
    return [], "no column is filled and different in every row: rows are only added"


def find_cursor(guesses: Sequence[Guess]) -> str | None:
    """The column that says when a row last changed, by its name."""
    for guess in guesses:
        words = guess.column.name.lower().replace("-", " ").replace("_", " ").split()
        if (
            guess.column.type in ("date", "timestamp")
            and any(word in CHANGED for word in words)
            and _is_full(guess)
        ):
            return guess.column.name
    return None


def _is_full(guess: Guess) -> bool:
    return guess.evidence.filled == guess.evidence.rows


def _is_named_id(raw: str, _guess: Guess) -> bool:
    # Parquet says `customerId`, and raw names keep no capitals
    return is_named(raw, IDS) or raw.endswith("id")


def _is_email(_raw: str, guess: Guess) -> bool:
    return guess.column.type == "email"


def _is_plain(_raw: str, guess: Guess) -> bool:
    return guess.column.type in ("text", "integer")


def _is_unique(connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> bool:
    names = ", ".join(map(quoted, columns))
    found = connection.execute(
        f"select 1 from {relation} group by {names} having count(*) > 1 limit 1"
    ).fetchone()
    return found is None
