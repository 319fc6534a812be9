"""From files of any form to a draft of a source: read by the loader into memory, guessed column by column, read again.

Nothing is written here and no warehouse is opened; how the draft reads as text is in `drafts.py`.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from ingestion.declarations import Source
from ingestion.errors import ScaffoldRefused
from ingestion.loader import load
from ingestion.naming import quoted
from ingestion.reports import LoadReport
from ingestion.scaffolding.evidence import gather
from ingestion.scaffolding.guesses import Country, Guess, find_currency, guess_column, uses_decimal_comma
from ingestion.scaffolding.shapes import Shape, find_shapes
from ingestion.scaffolding.totals import find_totals, without_totals
from ingestion.scaffolding.uniqueness import find_cursor, find_keys
from ingestion.scaffolding.words import singular
from warehouse.progress import Progress, silent


@dataclass(frozen=True)
class TableDraft:
    """One table as guessed, with the reason for every guess."""

    shape: Shape
    guesses: list[Guess]
    decimal: str
    keys: list[str]
    keys_reason: str
    cursor: str | None
    leave_out: dict[str, tuple[str, ...]]
    rows: int

    def declaration(self) -> dict[str, Any]:
        """The table as a declaration's data."""
        names = [guess.column.name for guess in self.guesses]
        csv = {"delimiter": self.shape.delimiter, "decimal": self.decimal}
        return {
            "name": self.shape.table,
            "description": f"One row per {singular(self.shape.table).replace('_', ' ')}.",
            "files": self.shape.patterns,
            "format": self.shape.format,
            "skip": self.shape.skip,
            "csv": {key: value for key, value in csv.items() if value not in (None, ".")},
            "records": self.shape.records,
            "sheets": self.shape.sheets,
            "load": "upsert" if self.keys else "append",
            "keys": self.keys,
            "cursor": self.cursor,
            "leave_out": self.leave_out,
            "required": self.keys or names[:1],
            "columns": [guess.column for guess in self.guesses],
        }


@dataclass(frozen=True)
class Options:
    """What a file cannot say of itself; None leaves it to the shop's settings."""

    title: str | None = None
    owner: str | None = None
    region: str | None = None
    currency: str | None = None


@dataclass
class Draft:
    """A source as guessed from files, and what loading them with it would do."""

    source: Source
    tables: list[TableDraft]
    files: list[Path]
    report: LoadReport = field(default_factory=LoadReport)


def profile(
    name: str,
    files: Sequence[Path],
    options: Options,
    progress: Progress = silent,
    folder: Path | None = None,
) -> Draft:
    """A draft of source `name` for these files (those of a landing `folder`). Raises ScaffoldRefused with what to do."""
    shapes = find_shapes(files, folder)
    settings = _settings(name, options)
    plain = Source.model_validate({**settings, "tables": [_plain(shape) for shape in shapes]})
    with _landed(name, files, folder) as landing, duckdb.connect() as connection:
        _refuse_what_is_refused(_load(connection, landing, plain))
        tables = []
        for number, shape in enumerate(shapes):
            relation = f"raw.{quoted(f'{name}_{shape.table}')}"
            tables.append(_draft_table(connection, relation, shape, options, progress, (number, len(shapes))))
        guesses = [guess for table in tables for guess in table.guesses]
        settings["currency"] = options.currency or find_currency(guesses)
        source = Source.model_validate({**settings, "tables": [table.declaration() for table in tables]})
        connection.execute("drop schema raw cascade")
        report = _load(connection, landing, source)
    _refuse_what_is_refused(report)
    share = _reject_share(report)
    return Draft(source.model_copy(update={"largest_reject_share": share}), tables, list(files), report)


def _settings(name: str, options: Options) -> dict[str, Any]:
    title = options.title or name.replace("_", " ").capitalize()
    return {
        "name": name,
        "title": title,
        "description": f"What {title} delivers.",
        "owner": options.owner or "data engineering",
        "expected_every_hours": 170,
        "region": options.region,
        "currency": options.currency,
    }


def _plain(shape: Shape) -> dict[str, Any]:
    """The table with every column as text: all rows come in, whatever they hold."""
    return {
        "name": shape.table,
        "description": "As delivered.",
        "files": shape.patterns,
        "format": shape.format,
        "skip": shape.skip,
        "csv": {"delimiter": shape.delimiter},
        "records": shape.records,
        "sheets": shape.sheets,
        "required": shape.names[:1],
        "columns": shape.names,
    }


def _draft_table(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    shape: Shape,
    options: Options,
    progress: Progress,
    place: tuple[int, int],
) -> TableDraft:
    totals = find_totals(connection, relation, shape.raw_names)
    relation = without_totals(relation, totals)
    names = dict(zip(shape.raw_names, shape.names, strict=True))
    evidence = {}
    for number, (raw, name) in enumerate(names.items()):
        progress("profile", place[0] * len(names) + number, place[1] * len(names), name)
        evidence[raw] = gather(connection, relation, raw)
    progress("profile", (place[0] + 1) * len(names), place[1] * len(names))
    # a comma as soon as one column's amounts say so: a file is written in one country
    has_cells = shape.format == "xlsx"
    decimal = "," if any(uses_decimal_comma(each, has_cells=has_cells) for each in evidence.values()) else "."
    country = Country(decimal, options.region == "US")
    guesses = [guess_column(connection, raw, name, evidence[raw], country) for raw, name in names.items()]
    keys, reason = find_keys(connection, relation, dict(zip(shape.raw_names, guesses, strict=True)))
    left_out = {names[raw]: values for raw, values in totals.labels.items()}
    return TableDraft(
        shape, guesses, decimal, keys, reason, find_cursor(guesses), left_out, guesses[0].evidence.rows
    )


@contextmanager
def _landed(name: str, files: Sequence[Path], folder: Path | None) -> Iterator[Path]:
    """A landing folder of its own with links to the files."""
    with tempfile.TemporaryDirectory(prefix="cdp-") as temporary:
        landing = Path(temporary) / "landing"
        (landing / name).mkdir(parents=True)
        for file in files:
            link = landing / name / (file.relative_to(folder) if folder else file.name)
            link.parent.mkdir(parents=True, exist_ok=True)
            if link.exists():
                raise ScaffoldRefused(
                    f"Two files are called {file.name}: in landing they would be one. Rename one."
                )
            link.symlink_to(file.resolve())
        yield landing


def _load(connection: duckdb.DuckDBPyConnection, landing: Path, source: Source) -> LoadReport:
    connection.execute("set TimeZone = 'UTC'")
    return load(connection, landing, [source], loaded_at=datetime(2000, 1, 1))


def _refuse_what_is_refused(report: LoadReport) -> None:
    if report.refused:
        message = re.sub(r"^\S*/", "", report.refused[0].message)
        raise ScaffoldRefused(f"The file cannot be read as it is: {message}")
    if not report.rows_loaded:
        raise ScaffoldRefused(
            "The file has a header and no rows: nothing can be guessed from it. Take a fuller one."
        )


def _reject_share(report: LoadReport) -> float:
    """The share that this file has, rounded up to a hundredth; later deliveries are measured by it."""
    delivered = report.rows_loaded + report.rows_rejected
    return -(-100 * report.rows_rejected // delivered) / 100 if delivered else 0
