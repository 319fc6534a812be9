"""Workbooks (.xlsx, .xls, .xlsb, .ods): every cell as the text it holds, real dates as ISO 8601.

Formulas count as their last computed value; formats, colours and merged cells mean nothing here.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from ingestion.archives import check_expansion, read_chunks_of
from ingestion.errors import DocumentInvalid, HeaderMismatch
from ingestion.feeds import Feed, Request, note_columns, require_columns
from ingestion.naming import column_names, nearest

_CELLS_VIEW = "ingestion_cells"


@dataclass(frozen=True)
class _Sheet:
    """The rows below a sheet's header that are not blank: columns as raw names, row numbers in the sheet, cells."""

    name: str
    columns: list[str]
    numbers: list[int]
    cells: list[list[str | None]]

    def values(self, column: str) -> list[str | None]:
        """One column from top to bottom; nothing but None where the sheet lacks it."""
        if column not in self.columns:
            return [None] * len(self.cells)
        place = self.columns.index(column)
        return [cells[place] for cells in self.cells]


def read_cells(request: Request) -> Feed:
    """The rows of the declared sheets (the first when none is declared) below their headers; blank rows are no rows."""
    table = request.table
    with _opened(request.text.path) as workbook:
        grids = {name: _read_grid(workbook, name) for name in _choose_sheets(workbook, table.sheets)}
    filled = {name: rows for name, rows in grids.items() if rows} or grids
    sheets = [_below_header(request, name, rows) for name, rows in filled.items()]
    columns = list(dict.fromkeys(column for sheet in sheets for column in sheet.columns))
    places = [(sheet, place) for sheet in sheets for place in range(len(sheet.numbers))]
    _register(request, columns, sheets)

    def originals(wanted: Collection[int]) -> dict[int, tuple[int | None, str]]:
        return {row: _original(*places[row - 1], is_one_of_several=len(sheets) > 1) for row in wanted}

    notes = [*note_columns(table, columns), *_note_errors(request.text.path)]
    return Feed(_CELLS_VIEW, columns, len(places), originals, [], notes)


def cell_text(cell: object) -> str | None:
    """A cell as text: whole numbers without `.0`, dates and times as ISO 8601, blank as None."""
    match cell:
        case None | "":
            return None
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() else repr(cell)
        case dt.datetime():
            return str(cell.date()) if cell.time() == dt.time() else cell.isoformat(sep=" ")
        case _:
            text = str(cell)
            return _spell_out(text) if "_xFFF" in text else text


def _spell_out(text: str) -> str:
    """The two characters that XML cannot hold, which workbooks write as codes and the reader leaves so."""
    return text.replace("_xFFFE_", "\ufffe").replace("_xFFFF_", "\uffff")


@contextmanager
def _opened(path: Path) -> Iterator[CalamineWorkbook]:
    """Raises DocumentInvalid for what is no workbook, and FileUnreadable for one that would fill the memory."""
    check_expansion(path)
    try:
        with CalamineWorkbook.from_path(str(path)) as workbook:
            yield workbook
    except (CalamineError, OSError) as error:
        raise DocumentInvalid(f"is not a readable workbook ({error}). Save it again as .xlsx.") from error


def _choose_sheets(workbook: CalamineWorkbook, wanted: Sequence[str]) -> list[str]:
    """Names of the wanted sheets in the workbook's order. Raises DocumentInvalid when one is not there."""
    known = [sheet.name for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    shown = [
        s.name for s in workbook.sheets_metadata if s.visible == SheetVisibleEnum.Visible and s.name in known
    ]
    for pattern in wanted:
        if not any(fnmatchcase(name, pattern) for name in known):
            close = nearest(pattern, known)
            raise DocumentInvalid(
                f"has no sheet {pattern!r}; found {', '.join(map(repr, known))}"
                f"{f', the nearest is {close!r}' if close else ''}. Rename the sheet, or correct `sheets`."
            )
    if not wanted:
        return (shown or known)[:1]
    return [name for name in known if any(fnmatchcase(name, pattern) for pattern in wanted)]


def _read_grid(workbook: CalamineWorkbook, name: str) -> list[list[Any]]:
    return workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)


def _below_header(request: Request, name: str, rows: list[list[Any]]) -> _Sheet:
    skip = request.table.skip
    if len(rows) <= skip:
        raise HeaderMismatch(f"has no header in row {skip + 1} of its sheet {name!r}. Export it again.")
    names = [(cell_text(cell) or "").strip() for cell in rows[skip]]
    require_columns(request.table, names)
    texts = [[cell_text(cell) for cell in cells] for cells in rows[skip + 1 :]]
    body = [(n, cells) for n, cells in enumerate(texts, start=skip + 2) if any(c is not None for c in cells)]
    kept = [i for i, header in enumerate(names) if header or any(cells[i] is not None for _, cells in body)]
    columns = column_names([names[i] for i in kept])
    return _Sheet(name, columns, [n for n, _ in body], [[cells[i] for i in kept] for _, cells in body])


def _register(request: Request, columns: list[str], sheets: list[_Sheet]) -> None:
    arrays = [pa.array([v for sheet in sheets for v in sheet.values(name)], pa.string()) for name in columns]
    rows = sum(len(sheet.numbers) for sheet in sheets)
    arrays.append(pa.array(range(1, rows + 1), pa.int64()))
    request.connection.register(_CELLS_VIEW, pa.table(arrays, names=[*columns, "_row"]))


def _original(sheet: _Sheet, place: int, *, is_one_of_several: bool) -> tuple[int, str]:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(sheet.cells[place])
    text = f"{sheet.name}: {line.getvalue()}" if is_one_of_several else line.getvalue()
    return sheet.numbers[place], text


def _note_errors(path: Path) -> list[str]:
    """How many formulas ended in an error: their cells come as empty ones, and nobody else would tell."""
    if not zipfile.is_zipfile(path):
        return []
    errors = sum(chunk.count(b' t="e"') for chunk in read_chunks_of(path, "xl/worksheets/*.xml"))
    return [f"{errors} cells with formula errors, read as empty"] if errors else []
