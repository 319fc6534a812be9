"""Excel workbooks: one sheet, every cell as the text a person would read, real dates as ISO 8601.

Formulas count as their last computed value; formats, colours and merged cells mean nothing here.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Collection, Sequence
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook

from ingestion.errors import DocumentInvalid, HeaderMismatch
from ingestion.feeds import Feed, Request, note_columns, require_columns
from ingestion.naming import column_names, nearest

_CELLS_VIEW = "ingestion_cells"


def read_cells(request: Request) -> Feed:
    """The rows of the declared sheet (the first when none is declared) below its header; blank rows are no rows."""
    table = request.table
    rows = _read_sheet(request)
    if len(rows) <= table.skip:
        raise HeaderMismatch(f"has no header in row {table.skip + 1} of its sheet. Export it again.")
    names = [cell_text(cell) or "" for cell in rows[table.skip]]
    require_columns(table, names)
    body = [
        (number, [cell_text(cell) for cell in cells])
        for number, cells in enumerate(rows[table.skip + 1 :], start=table.skip + 2)
    ]
    body = [(number, cells) for number, cells in body if any(cell is not None for cell in cells)]
    kept = [i for i, name in enumerate(names) if name or any(cells[i] is not None for _, cells in body)]
    columns = column_names([names[i] for i in kept])
    _register(request, columns, kept, body)

    def originals(wanted: Collection[int]) -> dict[int, tuple[int | None, str]]:
        return {row: (body[row - 1][0], _as_csv(body[row - 1][1])) for row in wanted}

    notes = note_columns(table, columns)
    return Feed(_CELLS_VIEW, columns, len(body), originals, [], notes)


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
            return str(cell).strip() or None


def _read_sheet(request: Request) -> list[list[Any]]:
    try:
        with CalamineWorkbook.from_path(str(request.text.path)) as workbook:
            wanted = next(iter(request.table.sheets), None) or workbook.sheet_names[0]
            if wanted not in workbook.sheet_names:
                close = nearest(wanted, workbook.sheet_names)
                raise DocumentInvalid(
                    f"has no sheet {wanted!r}; found {', '.join(map(repr, workbook.sheet_names))}"
                    f"{f', the nearest is {close!r}' if close else ''}. Rename the sheet, or correct `sheets`."
                )
            return workbook.get_sheet_by_name(wanted).to_python(skip_empty_area=False)
    except (CalamineError, OSError) as error:
        raise DocumentInvalid(
            f"is not a readable Excel workbook ({error}). Save it again as .xlsx."
        ) from error


def _register(
    request: Request, columns: list[str], kept: list[int], body: list[tuple[int, list[str | None]]]
) -> None:
    arrays = [pa.array([cells[i] for _, cells in body], pa.string()) for i in kept]
    arrays.append(pa.array(range(1, len(body) + 1), pa.int64()))
    request.connection.register(_CELLS_VIEW, pa.table(arrays, names=[*columns, "_row"]))


def _as_csv(cells: Sequence[str | None]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()
