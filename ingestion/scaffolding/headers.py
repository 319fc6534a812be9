"""Which row of a grid is the header, and what its cells are called.

Titles, blank lines and merged group names above it are passed over; what the columns hold is found out elsewhere.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from ingestion.errors import ScaffoldRefused
from ingestion.naming import column_name
from ingestion.scaffolding.grids import Grid

_VALUE = re.compile(
    r"[(+-]?[£€$]?\s?[\d.,:/\s%€£$-]*\d[\d.,:/\s%€£$-]*\)?|\S+@\S+\.\S+|https?://\S+|true|false",
    re.IGNORECASE,
)
_LOOKED_AT = 40


@dataclass(frozen=True)
class Header:
    """Where the header is (`skip` lines above it) and the column names as they will be declared.

    `notes` says what was odd: `Amount (EUR)` had a line feed, two columns had one name, …
    """

    skip: int
    names: list[str]
    notes: list[str]


def find_header(grid: Grid, file: str) -> Header:
    """The first row that is as wide as the data and reads like labels. Raises ScaffoldRefused when there is none."""
    width = _data_width(grid)
    for number, row in enumerate(grid.rows[:_LOOKED_AT]):
        filled = [cell for cell in row if cell]
        labels = [cell for cell in filled if not _VALUE.fullmatch(cell)]
        wide_enough = len(filled) >= max(1, round(0.6 * width))
        if wide_enough and len(labels) >= 0.8 * len(filled) and _has_rows_below(grid, number):
            return _header(grid, number)
    where = f"sheet {grid.sheet!r} of {file}" if grid.sheet else file
    raise ScaffoldRefused(
        f"{where} has no row that reads like a header in its first {_LOOKED_AT} lines. Put a line with the names of the "
        f"columns above the data, or write ingestion/sources/<name>.yml by hand."
    )


def _data_width(grid: Grid) -> int:
    widths = Counter(sum(map(bool, row)) for row in grid.rows if any(row))
    return max(widths, key=lambda width: (widths[width] * width, width), default=0)


def _has_rows_below(grid: Grid, number: int) -> bool:
    return any(any(row) for row in grid.rows[number + 1 :])


def _header(grid: Grid, number: int) -> Header:
    cells = grid.rows[number]
    below = grid.rows[number + 1 :]
    notes = []
    names: list[str] = []
    taken: Counter[str] = Counter()
    for position, cell in enumerate(cells):
        if not cell and not any(len(row) > position and row[position] for row in below):
            continue
        name = cell or "Unnamed"
        taken[column_name(name)] += 1
        if taken[column_name(name)] > 1:
            notes.append(f"{name!r} stands there {taken[column_name(name)]} times: numbered")
            name = f"{name} {taken[column_name(name)]}"
        elif not cell:
            notes.append(f"column {position + 1} has no name: called Unnamed")
        names.append(name)
    return Header(grid.lines[number], names, notes)
