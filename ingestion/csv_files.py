"""Delimited text: a fixed dialect read by the engine, first as delivered, then (if that is not exact) sifted.

Nothing is guessed by the engine; which dialect it is, is decided in `dialects.py`.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingestion.dialects import Dialect, choose_dialect
from ingestion.errors import HeaderMismatch
from ingestion.feeds import (
    REJECTS_TABLE,
    SCANS_TABLE,
    Feed,
    Reject,
    Request,
    Unsure,
    note_columns,
    require_columns,
)
from ingestion.fingerprints import link_safely
from ingestion.naming import column_names, literal
from ingestion.records import Record, count_records, open_text, read_records

_LINE_LIMIT = 2_097_152  # the engine's own default, in bytes; longer records are found by the sift
_HEADER_LINES = 100  # a header that spans more physical lines is an open quote


@dataclass(frozen=True)
class _Header:
    """The header as delivered, its dialect, and where the data begins (physical line and byte)."""

    names: list[str]
    dialect: Dialect
    data_line: int
    data_offset: int

    @property
    def columns(self) -> list[str]:
        return column_names(self.names)


def read_as_delivered(request: Request) -> Feed:
    """The delivered file itself, for the engine. Raises Unsure when a copy without its oddities is needed."""
    header = _read_header(request)
    fingerprint, dialect = request.text.fingerprint, header.dialect
    if not dialect.is_plain:
        raise Unsure
    if not request.text.is_copy and (fingerprint.has_nul or not fingerprint.is_utf8):
        raise Unsure
    delivered = _count(request, header)
    if delivered is None:
        raise Unsure
    path = link_safely(request.text.path, request.workspace)
    relation = _read_csv(path, header.columns, dialect, f"skip = {header.data_line - 1}")
    relation = f"(select *, row_number() over () as _row from {relation})"
    return _feed(request, header, relation, delivered, [])


def _count(request: Request, header: _Header) -> int | None:
    fingerprint, quote = request.text.fingerprint, header.dialect.quote
    has_quotes = fingerprint.has_quotes if quote == '"' else bool(quote)
    if request.text.is_copy or has_quotes:
        return count_records(request.text.path, header.data_offset, quote)
    return fingerprint.lines - header.data_line + 1


def read_sifted(request: Request) -> Feed:
    """A copy of the good records with their row numbers, and the bad ones as rejects. Raises FileCutOff."""
    header = _read_header(request)
    rejects: list[Reject] = []
    sifted = request.workspace / "sifted.csv"
    records = _records(request, header)
    delivered, longest = 0, 0
    with sifted.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for record in records:
            delivered += 1
            if record.problem:
                rejects.append(_reject(record, header.names, request.text.encoding))
            else:
                writer.writerow((record.row, *record.values))
                longest = max(longest, len(record.text))
    source = read_copy(sifted, ["_row", *header.columns], longest)
    relation = f"(select * replace (_row::bigint as _row) from {source})"
    return _feed(request, header, relation, delivered, rejects)


def read_copy(path: Path, columns: Sequence[str], longest: int) -> str:
    """The engine's reader for a sifted copy: all quoted, line feeds; `longest` is its longest record in characters."""
    limit = max(_LINE_LIMIT, 8 * longest)  # bytes per character, and quotes that the copy doubles
    # told, because the engine takes a return inside the first quotes for the line end
    return _read_csv(path, columns, Dialect(","), f"max_line_size = {limit}, new_line = '\\n'")


def _read_csv(path: Path, columns: Sequence[str], dialect: Dialect, options: str) -> str:
    """The engine's reader with everything fixed: no guessing, all text, and nothing dropped without a trace."""
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    quote = literal(dialect.quote)
    return (
        f"read_csv({literal(str(path))}, columns = {{{types}}}, compression = 'none', auto_detect = false, "
        f"header = false, delim = {literal(dialect.delimiter)}, quote = {quote}, escape = {quote}, {options}, "
        f"store_rejects = true, rejects_table = '{REJECTS_TABLE}', rejects_scan = '{SCANS_TABLE}', rejects_limit = 0)"
    )


def _feed(request: Request, header: _Header, relation: str, delivered: int, rejects: list[Reject]) -> Feed:
    def originals(rows: Collection[int]) -> dict[int, tuple[int | None, str]]:
        return {
            record.row: (record.line, record.text)
            for record in _records(request, header)
            if record.row in rows
        }

    notes = note_columns(request.table, header.columns)
    if header.dialect.note and request.table.csv.delimiter is None:
        notes.append(header.dialect.note)
    return Feed(relation, header.columns, delivered, originals, rejects, notes)


def _records(request: Request, header: _Header) -> Iterator[Record]:
    lines = itertools.islice(open_text(request.text.path), header.data_line - 1, None)
    return read_records(lines, header.dialect, len(header.names), header.data_line)


def _reject(record: Record, names: Sequence[str], encoding: str) -> Reject:
    column = names[record.column] if record.column is not None and record.column < len(names) else None
    text = record.text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return Reject(record.row, record.line, column, record.problem.replace("UTF-8", encoding), text)


def _read_header(request: Request) -> _Header:
    """Raises HeaderMismatch or FileCutOff."""
    table = request.table
    start = list(itertools.islice(open_text(request.text.path), table.skip + _HEADER_LINES))
    if len(start) <= table.skip:
        raise HeaderMismatch(
            f"ends before its header, which is declared to be line {table.skip + 1}. Export it again."
        )
    dialect, names, used = choose_dialect(table, start[table.skip :])
    require_columns(table, names)
    above = start[: table.skip + used]
    offset = sum(len(line.encode("utf-8", "surrogateescape")) for line in above) + _mark_length(request)
    return _Header(names, dialect, len(above) + 1, offset)


def _mark_length(request: Request) -> int:
    with request.text.path.open("rb") as file:
        return 3 if file.read(3) == b"\xef\xbb\xbf" else 0
