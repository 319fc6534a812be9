"""What a format hands to the loader: a relation the engine can read, the count of an independent reader, and rejects.

The formats themselves are in `csv_files.py`, `json_files.py`, `parquet_files.py` and `xlsx_files.py`; writing is done by `loader.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from ingestion.declarations import Table
from ingestion.encodings import Text
from ingestion.errors import HeaderMismatch
from ingestion.naming import column_name, nearest

# more unknown columns than this in one delivery is another file under a known name, not growth
MAX_NEW_COLUMNS = 200

# the engine's rejects land here (a temporary table); whatever it holds after a read was not loaded
REJECTS_TABLE, SCANS_TABLE = "ingestion_rejects", "ingestion_reject_scans"


class Unsure(Exception):
    """The quick reading cannot be trusted for this file; the careful one must decide. Never leaves the room."""


@dataclass(frozen=True)
class Reject:
    """A row that cannot be loaded: data row, physical line (both 1-based), column if known, reason, original text.

    `line` is None in a JSON document, where records are not lines.
    """

    row: int
    line: int | None
    column: str | None
    reason: str
    text: str


@dataclass(frozen=True)
class Request:
    """One delivered file on its way in; `workspace` is a folder for temporary copies."""

    connection: duckdb.DuckDBPyConnection
    table: Table
    text: Text
    workspace: Path


Originals = Callable[[Collection[int]], dict[int, tuple[int | None, str]]]


@dataclass(frozen=True)
class Feed:
    """Rows ready for the engine.

    `relation` is SQL after FROM, yielding `columns` as text and `_row` as bigint, without rejected rows;
    `delivered` counts all rows of the file; `originals` finds line and text of data rows.
    """

    relation: str
    columns: list[str]
    delivered: int
    originals: Originals
    rejects: list[Reject] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def require_columns(
    table: Table, found: Collection[str], spell: Callable[[str], str] = column_name, unit: str = "column"
) -> None:
    """Raises HeaderMismatch naming the missing column, what was found and the nearest match.

    Names count as the same when they fill the same raw column (`EMAIL` for `Email`).
    """
    present = {spell(name) for name in found}
    for name in table.required:
        if spell(name) not in present:
            close = nearest(name, found)
            hint = f" The nearest is {close!r}: was it renamed?" if close else ""
            raise HeaderMismatch(
                f"has no {unit} {name!r}.{hint} Found: {', '.join(map(repr, list(found)[:30])) or 'nothing'}. "
                f"Export it again with that {unit}, or correct `columns` and `required` of table {table.name}.",
                column=spell(name),
                expected=f"the {unit} {name!r}",
                found=close and f"nearest {close!r}",
            )


def note_columns(table: Table, columns: Collection[str]) -> list[str]:
    """Notes about columns that are not declared, and (but for JSON, where keys come and go) about absent ones.

    Raises HeaderMismatch when absurdly many are not declared.
    """
    known = table.raw_columns
    new = [name for name in columns if name not in known]
    absent = [name for name in known if name not in columns] if not table.is_json else []
    if len(new) > MAX_NEW_COLUMNS:
        raise HeaderMismatch(
            f"has {len(new)} columns that are not declared ({', '.join(new[:5])}, …). "
            f"Is it the right file? If so, declare its columns."
        )
    notes = {"new columns": new, "without columns": absent}
    return [f"{what}: {', '.join(names)}" for what, names in notes.items() if names]
