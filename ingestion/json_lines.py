"""JSON lines: one object per line, read by the engine as delivered, or as a copy without the lines that are none.

orjson judges what is valid, because the engine lets trailing commas and NaN pass; keys become columns in
`json_columns.py`.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import orjson

from ingestion.csv_files import read_copy
from ingestion.errors import FileCutOff
from ingestion.feeds import Feed, Reject, Request, Unsure
from ingestion.fingerprints import link_safely
from ingestion.headed_files import put_in_front
from ingestion.json_columns import feed_objects, feed_values, take_last_of_repeated
from ingestion.lenient_json import may_be_lenient
from ingestion.naming import key_column_name, literal

# enough to meet the usual keys; a line with a key that none of these had costs a second pass
_SAMPLE_LINES = 2_000
_MARK = b"\xef\xbb\xbf"
# what the engine's parser takes against the standard; the last expression alone would cost more than the parsing
_MAY_BE_LENIENT = (
    r"regexp_matches(line, ',\s*[}\]]') or case when contains(line, 'NaN') or contains(line, 'Inf') "
    r"or contains(line, 'nan') or contains(line, 'inf') or contains(line, 'NAN') or contains(line, 'INF') "
    r"then regexp_matches(line, '[\[:,]\s*-?(?i:nan|inf)') else false end"
)


def read_lines_as_delivered(request: Request) -> Feed:
    """The delivered JSONL file, parsed once. Raises Unsure unless it looks sound and its first lines show its keys.

    At a key that none of them has, the engine stops, and the next reader decides.
    """
    _require_plain(request)
    path = request.text.path
    keys = _sample_keys(path)
    met = {key_column_name(key) for key in keys}
    if not met.issuperset(map(key_column_name, request.table.required)) or may_be_lenient(path):
        raise Unsure  # what is required may come later
    keys.update(dict.fromkeys(column.name for column in request.table.columns))
    return _feed_headed(request, list(keys), is_surveyed=False)


def read_lines_surveyed(request: Request) -> Feed:
    """The delivered JSONL file, after a look at every line. Raises Unsure unless each is, beyond doubt, an object."""
    _require_plain(request)
    return _feed_headed(request, _survey(request), is_surveyed=True)


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
    return feed_objects(request, relation, list(keys), delivered, _LineOriginals(request.text.path), rejects)


def _require_plain(request: Request) -> None:
    """Raises Unsure when the delivered bytes are not plain UTF-8, or are none."""
    fingerprint = request.text.fingerprint
    if request.text.is_copy or fingerprint.has_nul or not fingerprint.is_utf8 or not fingerprint.size:
        raise Unsure


def _sample_keys(path: Path) -> dict[str, None]:
    """The keys of the first lines, in the order met. Raises Unsure at anything but objects."""
    keys: dict[str, None] = {}
    for _, _, raw in itertools.islice(_numbered_lines(path), _SAMPLE_LINES):
        try:
            record = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise Unsure from error
        if not isinstance(record, dict):
            raise Unsure
        keys.update(dict.fromkeys(record))
    return keys


def _survey(request: Request) -> list[str]:
    """The keys of all lines. Raises Unsure when a line may be no object, repeats a key, or is not strict JSON."""
    path = link_safely(request.text.path, request.workspace)
    lines = (
        f"read_csv({literal(str(path))}, columns = {{'line': 'VARCHAR'}}, compression = 'none', auto_detect = false, "
        f"header = false, delim = chr(1), quote = '', escape = '')"
    )
    try:
        found = request.connection.execute(
            f"select any_value(line), any_value(len(keys)), list(line) filter (where {_MAY_BE_LENIENT}) "
            f"from (select line, json_keys(line) as keys from {lines}) group by hash(keys)"
        ).fetchall()
        keys: dict[str, None] = {}
        for sample, width, doubtful in found:
            record = orjson.loads(sample or "null")
            if not isinstance(record, dict) or not record or len(record) != width:  # a key may stand twice
                raise Unsure
            keys.update(dict.fromkeys(record))
            for line in doubtful or ():
                orjson.loads(line)
    except (duckdb.InvalidInputException, orjson.JSONDecodeError) as error:
        raise Unsure from error
    return list(keys)


def _feed_headed(request: Request, keys: list[str], *, is_surveyed: bool) -> Feed:
    """The engine's own reader, told by a line in front that these are all the keys, and that all are text.

    So it parses each line once, names a key that it was not told, and stops there (as at a key that stands twice);
    told by `columns`, it would drop what is unknown without a word.
    """
    if "" in keys or not keys:  # the engine takes an object with an empty key for a map
        raise Unsure
    path = request.text.path
    head = orjson.dumps(dict.fromkeys(keys, "x")) + b"\n"
    skip = len(_MARK) if request.text.fingerprint.head.startswith(_MARK) else 0
    names = [f"key_{number}" for number in range(len(keys))]
    address = put_in_front(request.connection, head, path, skip)
    objects = (
        f"read_json({literal(address)}, format = 'newline_delimited', records = true, auto_detect = true, "
        f"sample_size = 1, map_inference_threshold = -1, compression = 'none')"
    )
    # a line `null` is no object, but has a null under every key
    is_object = "true" if is_surveyed else f"coalesce({', '.join(names)}) is not null"
    rows = f"(select *, row_number() over () - 1 as _row from {objects} as objects({', '.join(names)}))"
    return feed_values(
        request,
        f"{rows} where _row > 0 and {is_object}",
        dict(zip(keys, names, strict=True)),
        request.text.fingerprint.lines,
        _LineOriginals(path),
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
