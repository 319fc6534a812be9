"""How the files to start from lie: one shape per kind of row, with the files or sheets that share it.

A shape is what a table's declaration says about reading; the columns' types are guessed afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingestion.declarations import Format
from ingestion.errors import ScaffoldRefused
from ingestion.naming import column_name, column_names, key_column_name
from ingestion.scaffolding.grids import Grid, Keys, find_format, read_keys, read_sheets, read_text_grid
from ingestion.scaffolding.headers import Header, find_header

_SUFFIX = {"csv": ".csv", "xlsx": ".xlsx", "json": ".json", "jsonl": ".jsonl", "parquet": ".parquet"}
_COUNTED = re.compile(r"[\s_(-]*[0-9].*$")
_NOISE = re.compile(r"(^|_)(final|export|copy|kopie|neu|new|download|report|data|sheet|tabelle|feuil)(?=_|$)")


@dataclass(frozen=True)
class Shape:
    """Files of one form: `table` is the name it gets, `names` are its columns as they will be declared."""

    table: str
    files: tuple[Path, ...]
    format: Format
    names: tuple[str, ...]
    skip: int = 0
    delimiter: str | None = None
    records: str = ""
    sheets: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def patterns(self) -> tuple[str, ...]:
        """Glob patterns for these files and their next editions: `Kunden 2026-03.xlsx` → `Kunden*.xlsx`."""
        return tuple(dict.fromkeys(map(_pattern, self.files)))

    @property
    def raw_names(self) -> tuple[str, ...]:
        return tuple(key_column_name(name) for name in self.names) if self.format in ("json", "jsonl") else tuple(column_names(self.names))  # fmt: skip


def find_shapes(files: Sequence[Path]) -> list[Shape]:
    """The shapes of these files, in order; files and sheets with the same columns are one.

    Raises ScaffoldRefused for a file without a header, FileUnreadable for one that cannot be read.
    """
    found: list[Shape] = []
    for file in files:
        for shape in _shapes_of(file):
            twin = next((i for i, known in enumerate(found) if _is_same(known, shape)), None)
            if twin is None:
                found.append(shape)
            else:
                found[twin] = _joined(found[twin], shape)
    return _with_own_names(found)


def _shapes_of(file: Path) -> list[Shape]:
    kind = find_format(file)
    if kind == "csv":
        grid = read_text_grid(file)
        header = find_header(grid, file.name)
        delimiter = None if grid.delimiter in (",", None) and not header.skip else grid.delimiter
        return [_from_grid(file, kind, grid, header, _table_name(file.stem), delimiter)]
    if kind == "xlsx":
        sheets = read_sheets(file)
        if not sheets:
            raise ScaffoldRefused(f"{file.name} has no sheet with anything in it.")
        return _from_sheets(file, sheets)
    keys = read_keys(file, kind)
    return [_from_keys(file, kind, keys)]


def _from_sheets(file: Path, sheets: Sequence[Grid]) -> list[Shape]:
    """A shape per sheet that has a header; a lone sheet is called after its file."""
    shapes, reason = [], None
    for grid in sheets:
        try:
            header = find_header(grid, file.name)
        except ScaffoldRefused as error:
            reason = error
            continue
        name = _table_name(file.stem if len(sheets) == 1 else str(grid.sheet))
        shapes.append(_from_grid(file, "xlsx", grid, header, name, None))
    if not shapes and reason is not None:
        raise reason
    return shapes


def _from_grid(
    file: Path, kind: Format, grid: Grid, header: Header, table: str, delimiter: str | None
) -> Shape:
    sheets = (grid.sheet,) if grid.sheet else ()
    return Shape(
        table, (file,), kind, tuple(header.names), header.skip, delimiter, "", sheets, tuple(header.notes)
    )


def _from_keys(file: Path, kind: Format, keys: Keys) -> Shape:
    table = _table_name(keys.records.rsplit(".", 1)[-1] or file.stem)
    return Shape(table, (file,), kind, tuple(keys.names), records=keys.records)


def _is_same(one: Shape, other: Shape) -> bool:
    return (one.format, one.raw_names, one.skip, one.records) == (other.format, other.raw_names, other.skip, other.records)  # fmt: skip


def _joined(one: Shape, other: Shape) -> Shape:
    files = tuple(dict.fromkeys([*one.files, *other.files]))
    return replace(one, files=files, sheets=tuple(dict.fromkeys([*one.sheets, *other.sheets])))


def _with_own_names(shapes: list[Shape]) -> list[Shape]:
    named: list[Shape] = []
    for shape in shapes:
        taken = {known.table for known in named}
        name, number = shape.table, 2
        while name in taken:
            name, number = f"{shape.table}_{number}", number + 1
        named.append(replace(shape, table=name))
    return named


def _table_name(text: str) -> str:
    """`Kunden 2026-03 (final)` → `kunden`."""
    name = column_name(_COUNTED.sub("", text) or text)
    name = _NOISE.sub("", name).strip("_") or name
    return name if re.fullmatch(r"[a-z][a-z0-9_]*", name) and name != "unnamed" else "rows"


def _pattern(file: Path) -> str:
    stem = _COUNTED.sub("", file.stem)
    return "".join("?" if letter in "*?[]" else letter for letter in stem) + "*" + file.suffix
