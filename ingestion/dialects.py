"""How a delimited text is written: what parts fields, what quotes them, which lines are comments.

The delimiter that is not declared is chosen by the header it yields; nothing here reads a file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingestion.declarations import CsvDialect, Table
from ingestion.errors import FileCutOff
from ingestion.naming import column_names

BLANKS = " "  # stands for any run of spaces and tabs; only where it is declared
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_BLANK_SEPARATED = re.compile(r"[^ \t\r\n]+")


@dataclass(frozen=True)
class Dialect:
    """One way to write a table; `quote` is empty where quotes are text, `escape` and `comment` where there is none."""

    delimiter: str
    quote: str = '"'
    escape: str = ""
    comment: str = ""

    @property
    def note(self) -> str:
        """What a reader of the ledger should know; empty for commas and for declared blanks."""
        return "" if self.delimiter in (",", BLANKS) else f"separated by {_DELIMITERS[self.delimiter]}"

    def parse(self, lines: Iterator[str]) -> Iterator[list[str]]:
        """The values of each record. Raises csv.Error where quotes are not as they should be."""
        if self.delimiter == BLANKS:
            return (_BLANK_SEPARATED.findall(line) for line in lines)
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape or None,
            doublequote=not self.escape,
            strict=True,
        )

    @property
    def is_plain(self) -> bool:
        """True when the engine reads it as it is meant: one character between fields, doubled quotes, no comments."""
        return self.delimiter != BLANKS and not (self.escape or self.comment)

    def is_comment(self, line: str) -> bool:
        """True for a line that is no record, where a record could begin."""
        return bool(self.comment) and line.startswith(self.comment)


def choose_dialect(table: Table, start: Sequence[str]) -> tuple[Dialect, list[str], int]:
    """The dialect whose header has most declared names, that header, and how many physical lines it takes.

    `start` are the file's lines from the header on. Raises FileCutOff when the header never ends.
    """
    found = [(dialect, *_split_header(start, dialect)) for dialect in _candidates(table.csv)]
    return max(found, key=lambda each: len(table.raw_columns.keys() & set(column_names(each[1]))))


def _candidates(declared: CsvDialect) -> list[Dialect]:
    quote = "" if declared.quote == "none" else declared.quote
    delimiters: list[str] = [declared.delimiter] if declared.delimiter else [*_DELIMITERS]
    return [
        Dialect(
            BLANKS if delimiter == "whitespace" else delimiter,
            quote,
            declared.escape or "",
            declared.comment or "",
        )
        for delimiter in delimiters
    ]


def _split_header(lines: Sequence[str], dialect: Dialect) -> tuple[list[str], int]:
    above = next(
        (number for number, line in enumerate(lines) if not dialect.is_comment(line)), len(lines) - 1
    )
    taken = 0

    def counted() -> Iterator[str]:
        nonlocal taken
        for line in lines[above:]:
            taken += 1
            yield line

    try:
        names = next(dialect.parse(counted()), [])
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise FileCutOff(
                "looks cut off in its header: a quote opened there is never closed. Export it again."
            ) from error
        names = lines[above].rstrip("\r\n").split(dialect.delimiter)
        return [name.strip().strip(dialect.quote or None) for name in names], above + 1
    return [name.strip() for name in names], above + taken
