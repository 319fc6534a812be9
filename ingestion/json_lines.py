"""JSON lines: one object per line, read by the engine as delivered, or as a copy without the lines that are none.

orjson judges what is valid, because the engine lets trailing commas and NaN pass; keys become columns in
`json_columns.py`.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import orjson

from ingestion.csv_files import read_copy
from ingestion.errors import FileCutOff
from ingestion.feeds import REJECTS_TABLE, SCANS_TABLE, Feed, Reject, Request, Unsure
from ingestion.fingerprints import link_safely
from ingestion.json_columns import feed_objects, take_last_of_repeated
from ingestion.naming import key_column_name, literal

# enough to meet the usual combinations of keys; a line with keys that none of these had costs a second pass
_SAMPLE_LINES = 10_000
_MARK = b"\xef\xbb\xbf"
# what the engine's parser accepts against the standard; a line in which this is true is shown to orjson. The last
# expression keeps "Info" from being doubted; asked of every line, it alone would cost more than the parsing
_MAY_BE_LENIENT = (
    r"regexp_matches(line, ',\s*[}\]]') or case when contains(line, 'NaN') or contains(line, 'Inf') "
    r"then regexp_matches(line, '[\[:,]\s*-?(NaN|Inf)') else false end"
)


def read_lines_as_delivered(request: Request) -> Feed:
    """The delivered JSONL file in one pass. Raises Unsure unless it looks sound and its first lines show its keys.

    The relation leaves out every line that is in doubt; then the loader counts too few rows and the next reader decides.
    """
    lines = _engine_lines(request)
    shapes = _survey(request.connection, f"(from {lines} limit {_SAMPLE_LINES})")
    keys = dict.fromkeys([*shapes.keys, *(column.name for column in request.table.columns)])
    met = {key_column_name(key) for key in shapes.keys}
    if not met.issuperset(map(key_column_name, request.table.required)):
        raise Unsure  # they may come later
    relation = f"(select line, row_number() over () as _row from {lines} where {_is_sound(shapes, keys)})"
    delivered = request.text.fingerprint.lines
    return feed_objects(request.table, relation, list(keys), delivered, _LineOriginals(request.text.path))


def read_lines_surveyed(request: Request) -> Feed:
    """The delivered JSONL file, after a look at every line. Raises Unsure unless each is, beyond doubt, an object."""
    lines = _engine_lines(request)
    keys = _survey(request.connection, lines).keys
    relation = f"(select line, row_number() over () as _row from {lines})"
    delivered = request.text.fingerprint.lines
    return feed_objects(request.table, relation, keys, delivered, _LineOriginals(request.text.path))


def read_lines_sifted(request: Request) -> Feed:
    """A copy of the good lines with their row numbers, and the bad ones as rejects. Raises FileCutOff."""
    rejects: list[Reject] = []
    keys: dict[str, None] = {}
    sifted = request.workspace / "sifted.csv"
    delivered, longest = 0, 0
    with sifted.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for row, line, raw in _numbered_lines(request.text.path):
            delivered += 1
            found = _parse_line(row, line, raw)
            if isinstance(found, Reject):
                rejects.append(found)
                continue
            keys.update(dict.fromkeys(found))
            writer.writerow((row, raw.decode().strip()))
            longest = max(longest, len(raw))
    source = read_copy(sifted, ["_row", "line"], longest)
    relation = take_last_of_repeated(request.connection, f"(select _row::bigint as _row, line from {source})")
    return feed_objects(
        request.table, relation, list(keys), delivered, _LineOriginals(request.text.path), rejects
    )


def _engine_lines(request: Request) -> str:
    """SQL for the file's lines as they are. Raises Unsure when the delivered bytes are not plain UTF-8."""
    fingerprint = request.text.fingerprint
    if request.text.is_copy or fingerprint.has_nul or not fingerprint.is_utf8:
        raise Unsure
    path = link_safely(request.text.path, request.workspace)
    return (
        f"read_csv({literal(str(path))}, columns = {{'line': 'VARCHAR'}}, compression = 'none', auto_detect = false, header = false, "
        f"delim = chr(1), quote = '', escape = '', store_rejects = true, rejects_table = '{REJECTS_TABLE}', "
        f"rejects_scan = '{SCANS_TABLE}', rejects_limit = 0)"
    )


@dataclass(frozen=True)
class _Shapes:
    """All keys of some lines, in the order met, and the engine's hash of every combination of them."""

    keys: list[str]
    hashes: list[int]


def _survey(connection: duckdb.DuckDBPyConnection, lines: str) -> _Shapes:
    """One line of every combination of keys, and all in doubt. Raises Unsure at anything but objects."""
    try:
        found = connection.execute(
            f"select hash(keys) as shape, any_value(line), any_value(len(keys)), "
            f"list(line) filter (where {_MAY_BE_LENIENT}) "
            f"from (select line, json_keys(line) as keys from {lines}) group by shape"
        ).fetchall()
        keys: dict[str, None] = {}
        for _, sample, width, doubtful in found:
            record = orjson.loads(sample or "null")
            if not isinstance(record, dict) or not record or len(record) != width:  # a key may stand twice
                raise Unsure
            keys.update(dict.fromkeys(record))
            for line in doubtful or ():
                orjson.loads(line)
    except (duckdb.InvalidInputException, orjson.JSONDecodeError) as error:
        raise Unsure from error
    return _Shapes(list(keys), [shape for shape, *_ in found])


def _is_sound(shapes: _Shapes, known: Iterable[str]) -> str:
    """SQL that is true for a line that no parser doubts and whose keys are known; hashes are compared first."""
    names = ", ".join(map(literal, known))
    hashes = ", ".join(map(str, shapes.hashes)) or "null"
    keys = "json_keys(line)"
    return (
        f"not ({_MAY_BE_LENIENT}) and case when hash({keys}) in ({hashes}) then true "
        f"else len({keys}) > 0 and list_unique({keys}) = len({keys}) and list_has_all([{names}], {keys}) end"
    )


@dataclass(frozen=True)
class _LineOriginals:
    path: Path

    def __call__(self, rows: Collection[int]) -> dict[int, tuple[int | None, str]]:
        return {row: (line, _shown(raw)) for row, line, raw in _numbered_lines(self.path) if row in rows}


def _numbered_lines(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """(data row, physical line, bytes) of every line that is not blank."""
    row = 0
    with path.open("rb") as file:
        for line, raw in enumerate(file, start=1):
            content = raw.removeprefix(_MARK) if line == 1 else raw
            if content.strip():
                row += 1
                yield row, line, content


def _parse_line(row: int, line: int, raw: bytes) -> dict[str, Any] | Reject:
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if not raw.endswith(b"\n"):
            raise FileCutOff(
                f"looks cut off in line {line}: its last line has no end and is not valid JSON. "
                f"Ask the source to deliver it again."
            ) from error
        return Reject(
            row, line, None, f"is not valid JSON: {error.msg} (character {error.pos + 1})", _shown(raw)
        )
    if not isinstance(found, dict):
        return Reject(row, line, None, "is not a JSON object", _shown(raw))
    return found


def _shown(raw: bytes) -> str:
    return raw.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
