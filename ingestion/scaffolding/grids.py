"""The first rows of a file as cells of text, whatever it is: what kind of file, which sheets, which delimiter.

Only enough is read to find the header; the rows themselves are read by the loader.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook

from ingestion.declarations import Format
from ingestion.encodings import detect_encoding
from ingestion.errors import FileUnreadable, ScaffoldRefused
from ingestion.fingerprints import take_fingerprint
from ingestion.xlsx_files import cell_text

FIRST_ROWS = 200
_HYPHENATED = re.compile(r"-\s*\n\s*")
DELIMITERS: tuple[Literal[",", ";", "\t", "|"], ...] = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Grid:
    """The first rows as cells; `lines` says at which 0-based line (or row of a sheet) each begins."""

    rows: list[list[str]]
    lines: list[int]
    sheet: str | None = None
    delimiter: Literal[",", ";", "\t", "|"] | None = None


@dataclass(frozen=True)
class Keys:
    """The keys of the first objects of a JSON or Parquet file, and where in a document they are listed."""

    names: list[str]
    records: str = ""


def find_format(path: Path) -> Format:
    """The format by the first bytes; the name decides nothing. Raises FileUnreadable when there are none."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if not head.strip():
        raise FileUnreadable(f"{path.name} is empty. Start from a file with a header and some rows.")
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):  # the second is Excel until 2003
        return "xlsx"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] == b"[":
        return "json"
    if text[:1] == b"{":
        return "jsonl" if _is_object(text.split(b"\n", 1)[0]) else "json"
    return "csv"


def read_text_grid(path: Path) -> Grid:
    """The first rows of a delimited text, under the delimiter that yields the steadiest width."""
    fingerprint = take_fingerprint(path)
    encoding = detect_encoding(fingerprint)
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    with path.open(encoding=name, errors="replace", newline="") as file:
        lines = list(itertools.islice(file, FIRST_ROWS))
    grids = [_split(lines, delimiter) for delimiter in DELIMITERS]
    return max(grids, key=_steadiness)


def read_sheets(path: Path) -> list[Grid]:
    """The first rows of every sheet that has any. Raises FileUnreadable when it is no workbook."""
    try:
        with CalamineWorkbook.from_path(str(path)) as workbook:
            return [
                grid for name in workbook.sheet_names if (grid := _read_sheet(workbook, name)) is not None
            ]
    except (CalamineError, OSError) as error:
        raise FileUnreadable(
            f"{path.name} is not a readable Excel workbook ({error}). Save it again as .xlsx."
        ) from error


def read_keys(path: Path, kind: Format) -> Keys:
    """The names in the first objects of a JSONL, JSON or Parquet file."""
    try:
        if kind == "parquet":
            return Keys(list(pq.read_schema(path).names))
        if kind == "jsonl":
            return Keys(_names(_first_objects(path)))
        return _listed(orjson.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf")), path)
    except (orjson.JSONDecodeError, pa.ArrowException) as error:
        raise FileUnreadable(
            f"{path.name} does not parse: {str(error).splitlines()[0]}. Export it again."
        ) from error


def one_line(cell: str) -> str:
    """A cell without line feeds: `Kunden-⏎Nr.` → `Kunden-Nr.`, which makes the same column name."""
    return " ".join(_HYPHENATED.sub("-", cell).split())


def _split(lines: list[str], delimiter: Literal[",", ";", "\t", "|"]) -> Grid:
    reader = csv.reader(lines, delimiter=delimiter)
    rows, starts = [], []
    start = 0
    for row in reader:
        rows.append([one_line(cell) for cell in row])
        starts.append(start)
        start = reader.line_num
    return Grid(rows, starts, delimiter=delimiter)


def _steadiness(grid: Grid) -> tuple[float, int]:
    """The share of rows with the commonest width, where that is more than one column; then the width."""
    widths = Counter(len(row) for row in grid.rows if any(row))
    if not widths:
        return 0, 0
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    return (round(count / widths.total(), 1), width) if width > 1 else (0, 0)


def _read_sheet(workbook: CalamineWorkbook, name: str) -> Grid | None:
    rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=FIRST_ROWS)
    cells = [[one_line(cell_text(cell) or "") for cell in row] for row in rows]
    return Grid(cells, list(range(len(cells))), sheet=name) if any(map(any, cells)) else None


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _first_objects(path: Path) -> Iterator[dict[str, object]]:
    with path.open("rb") as file:
        for line in itertools.islice(file, 5 * FIRST_ROWS):
            if line.strip() and isinstance(found := orjson.loads(line.removeprefix(b"\xef\xbb\xbf")), dict):
                yield found


def _names(objects: Iterator[dict[str, object]] | Sequence[dict[str, object]]) -> list[str]:
    return list(dict.fromkeys(key for item in objects for key in item))


def _listed(document: object, path: Path) -> Keys:
    """The longest list of objects in a document, at most three levels down."""
    lists = sorted(_find_lists(document, ()), key=lambda found: len(found[1]), reverse=True)
    if not lists:
        raise ScaffoldRefused(
            f"{path.name} is a JSON document without a list of objects. Export a list, or one object per line."
        )
    place, objects = lists[0]
    return Keys(_names(objects[: 5 * FIRST_ROWS]), ".".join(place))


def _find_lists(
    node: object, place: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], list[dict[str, object]]]]:
    if isinstance(node, list) and node and all(isinstance(item, dict) for item in node):
        yield place, node
    if isinstance(node, dict) and len(place) < 3:
        for key, value in node.items():
            yield from _find_lists(value, (*place, key))
