"""CSV: a fixed RFC 4180 dialect read by the engine, first as delivered, then (if that is not exact) sifted.

Quoting and line ends are never guessed by the engine; the delimiter is chosen here, by the header it yields.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import FileCutOff, HeaderMismatch
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
from ingestion.records import (
    Record,
    count_records,
    open_text,
    read_blank_separated,
    read_records,
    split_at_blanks,
)

DELIMITERS = (",", ";", "\t")
BLANKS = " "  # stands for any run of spaces and tabs; only where it is declared
_LINE_LIMIT = 2_097_152  # the engine's own default, in bytes; longer records are found by the sift
_HEADER_LINES = 100  # a header that spans more physical lines is an open quote


@dataclass(frozen=True)
class _Header:
    """The header as delivered, its delimiter, and where the data begins (physical line and byte)."""

    names: list[str]
    delimiter: str
    data_line: int
    data_offset: int

    @property
    def columns(self) -> list[str]:
        return column_names(self.names)


def read_as_delivered(request: Request) -> Feed:
    """The delivered file itself, for the engine. Raises Unsure when a copy without its oddities is needed."""
    header = _read_header(request)
    fingerprint = request.text.fingerprint
    if header.delimiter == BLANKS:  # the engine reads single characters only
        raise Unsure
    if not request.text.is_copy and (fingerprint.has_nul or not fingerprint.is_utf8):
        raise Unsure
    if request.text.is_copy or fingerprint.has_quotes:
        delivered = count_records(request.text.path, header.data_offset)
    else:
        delivered = fingerprint.lines - header.data_line + 1
    if delivered is None:
        raise Unsure
    path = link_safely(request.text.path, request.workspace)
    relation = read_csv(path, header.columns, header.delimiter, skip=request.table.skip + 1)
    relation = f"(select *, row_number() over () as _row from {relation})"
    return _feed(request, header, relation, delivered, [])


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
                rejects.append(_reject(record, header.names))
            else:
                writer.writerow((record.row, *record.values))
                longest = max(longest, len(record.text))
    limit = max(_LINE_LIMIT, 8 * longest)  # bytes per character, and quotes that the copy doubles
    source = read_csv(sifted, ["_row", *header.columns], ",", line_limit=limit)
    relation = f"(select * replace (_row::bigint as _row) from {source})"
    return _feed(request, header, relation, delivered, rejects)


def read_csv(
    path: Path, columns: Sequence[str], delimiter: str, *, skip: int = 0, line_limit: int = _LINE_LIMIT
) -> str:
    """The engine's reader with everything fixed: no guessing, all text, and nothing dropped without a trace."""
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    return (
        f"read_csv({literal(str(path))}, columns = {{{types}}}, auto_detect = false, header = false, skip = {skip}, "
        f"delim = {literal(delimiter)}, quote = '\"', escape = '\"', max_line_size = {line_limit}, "
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
    if header.delimiter in (";", "\t"):
        notes.append(f"separated by {'tabs' if header.delimiter == chr(9) else 'semicolons'}")
    return Feed(relation, header.columns, delivered, originals, rejects, notes)


def _records(request: Request, header: _Header) -> Iterator[Record]:
    lines = itertools.islice(open_text(request.text.path), header.data_line - 1, None)
    if header.delimiter == BLANKS:
        return read_blank_separated(lines, len(header.names), header.data_line)
    return read_records(lines, header.delimiter, len(header.names), header.data_line)


def _reject(record: Record, names: Sequence[str]) -> Reject:
    column = names[record.column] if record.column is not None and record.column < len(names) else None
    text = record.text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return Reject(record.row, record.line, column, record.problem, text)


def _read_header(request: Request) -> _Header:
    """The header under the delimiter that yields most declared names. Raises HeaderMismatch or FileCutOff."""
    table = request.table
    start = list(itertools.islice(open_text(request.text.path), table.skip + _HEADER_LINES))
    if len(start) <= table.skip:
        raise HeaderMismatch(
            f"ends before its header, which is declared to be line {table.skip + 1}. Export it again."
        )
    delimiters = (BLANKS,) if table.csv.delimiter == "whitespace" else DELIMITERS
    found = [_split_header(start[table.skip :], delimiter) for delimiter in delimiters]
    best = max(
        range(len(delimiters)), key=lambda i: len(table.raw_columns.keys() & set(column_names(found[i][0])))
    )
    names, used = found[best]
    require_columns(table, names)
    lines = start[: table.skip + used]
    offset = sum(len(line.encode("utf-8", "surrogateescape")) for line in lines) + _mark_length(request)
    return _Header(names, delimiters[best], table.skip + used + 1, offset)


def _split_header(lines: Sequence[str], delimiter: str) -> tuple[list[str], int]:
    if delimiter == BLANKS:
        return split_at_blanks(lines[0]), 1
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        names = next(reader, [])
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise FileCutOff(
                "looks cut off in its header: a quote opened there is never closed. Export it again."
            ) from error
        names = lines[0].rstrip("\r\n").split(delimiter)
        return [name.strip().strip('"') for name in names], 1
    return [name.strip() for name in names], reader.line_num


def _mark_length(request: Request) -> int:
    with request.text.path.open("rb") as file:
        return 3 if file.read(3) == b"\xef\xbb\xbf" else 0
