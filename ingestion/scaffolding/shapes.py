"""How the files to start from lie: one shape per kind of row, with the files or sheets that share it.

A shape is what a table's declaration says about reading; the columns' types are guessed afterwards.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from ingestion.archives import list_members, unpack
from ingestion.declarations import Format
from ingestion.errors import FileRefused, ScaffoldRefused
from ingestion.naming import column_name, column_names, key_column_name
from ingestion.scaffolding.grids import Grid, find_format, read_keys, read_sheets, read_text_grid
from ingestion.scaffolding.headers import Header, find_header

_COUNTED = re.compile(r"[\s_(-]*[0-9].*$")
_NOISE = re.compile(r"(^|_)(final|export|copy|kopie|neu|new|download|report|data|sheet|tabelle|feuil)(?=_|$)")


@dataclass(frozen=True)
class Shape:
    """Files of one form: `table` is the name it gets, `names` are its columns as they will be declared.

    `patterns` fit these files and their next editions: `Kunden 2026-03.xlsx` → `Kunden*.xlsx`.
    """

    table: str
    patterns: tuple[str, ...]
    format: Format
    names: tuple[str, ...]
    skip: int = 0
    delimiter: str | None = None
    records: str = ""
    sheets: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def raw_names(self) -> tuple[str, ...]:
        return tuple(key_column_name(name) for name in self.names) if self.format in ("json", "jsonl") else tuple(column_names(self.names))  # fmt: skip


def find_shapes(files: Sequence[Path], folder: Path | None = None) -> list[Shape]:
    """The shapes of these files, in order; files and sheets with the same columns are one.

    Files that lie deeper in `folder` (one per day, say) are looked for at any depth. Raises ScaffoldRefused for a file without a header, and for one that cannot be read.
    """
    found: list[Shape] = []
    for file in files:
        with tempfile.TemporaryDirectory(prefix="cdp-") as workspace, _named(file):
            depth = "" if folder in (None, file.parent) else "**/"
            shapes = [
                shape
                for path, pattern in _unpacked(file, Path(workspace))
                for shape in _shapes_of(path, depth + pattern)
            ]
        for shape in shapes:
            twin = next((i for i, known in enumerate(found) if _is_same(known, shape)), None)
            if twin is None:
                found.append(shape)
            else:
                found[twin] = _joined(found[twin], shape)
    return _with_own_names(found)


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """The readers' complaints begin after the file's name."""
    try:
        yield
    except FileRefused as error:
        raise ScaffoldRefused(f"{file.name} {str(error).removeprefix(f'{file.name} ')}") from error


def _unpacked(file: Path, workspace: Path) -> Iterator[tuple[Path, str]]:
    """The file, or what is packed in it, under its own name; and the pattern that finds it in landing."""
    if file.suffix.lower() == ".zip":
        for member in list_members(file):
            copy = unpack(file, member, workspace).rename(workspace / Path(member.name).name)
            yield copy, f"{_pattern(file.name)}/{_pattern(member.name)}"
        return
    name = file.name.removesuffix(".gz")
    unpacked = unpack(file, None, workspace)
    if unpacked != file:
        unpacked = unpacked.rename(workspace / name)
    yield unpacked, _pattern(name)


def _shapes_of(file: Path, pattern: str) -> list[Shape]:
    kind = find_format(file)
    if kind == "csv":
        grid = read_text_grid(file)
        header = find_header(grid, file.name)
        # without lines above, the loader finds the delimiter by the header, also when the next export has another
        delimiter = grid.delimiter if header.skip and grid.delimiter != "," else None
        return [_from_grid(pattern, kind, grid, header, _table_name(file.stem), delimiter)]
    if kind == "xlsx":
        sheets = read_sheets(file)
        if not sheets:
            raise ScaffoldRefused(f"{file.name} has no sheet with anything in it.")
        return _from_sheets(file, pattern, sheets)
    keys = read_keys(file, kind)
    table = _table_name(keys.records.rsplit(".", 1)[-1] or file.stem)
    return [Shape(table, (pattern,), kind, tuple(keys.names), records=keys.records)]


def _from_sheets(file: Path, pattern: str, sheets: Sequence[Grid]) -> list[Shape]:
    """A shape per sheet that has a header; a lone sheet is called after its file."""
    shapes, reason = [], None
    for grid in sheets:
        try:
            header = find_header(grid, file.name)
        except ScaffoldRefused as error:
            reason = error
            continue
        name = _table_name(file.stem if len(sheets) == 1 else str(grid.sheet))
        shapes.append(_from_grid(pattern, "xlsx", grid, header, name, None))
    if not shapes and reason is not None:
        raise reason
    return shapes


def _from_grid(
    pattern: str, kind: Format, grid: Grid, header: Header, table: str, delimiter: str | None
) -> Shape:
    sheets = (grid.sheet,) if grid.sheet else ()
    return Shape(
        table,
        (pattern,),
        kind,
        tuple(header.names),
        header.skip,
        delimiter,
        sheets=sheets,
        notes=tuple(header.notes),
    )


def _is_same(one: Shape, other: Shape) -> bool:
    return (one.format, one.raw_names, one.skip, one.records) == (other.format, other.raw_names, other.skip, other.records)  # fmt: skip


def _joined(one: Shape, other: Shape) -> Shape:
    patterns = tuple(dict.fromkeys([*one.patterns, *other.patterns]))
    return replace(one, patterns=patterns, sheets=tuple(dict.fromkeys([*one.sheets, *other.sheets])))


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


def _pattern(name: str) -> str:
    """`2026/Kunden 2026-03.xlsx` → `2026/Kunden*.xlsx`."""
    path = PurePosixPath(name)
    stem = "".join("?" if letter in "*?[]" else letter for letter in _COUNTED.sub("", path.stem))
    return str(path.with_name(f"{stem}*{path.suffix}"))
