"""JSON: objects line by line (JSONL) or listed in one document, every top-level key a text column.

The engine extracts; orjson judges what is valid, because the engine lets trailing commas and NaN pass.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import orjson

from ingestion.csv_files import read_csv
from ingestion.declarations import Table
from ingestion.errors import DocumentInvalid, FileCutOff
from ingestion.feeds import (
    REJECTS_TABLE,
    SCANS_TABLE,
    Feed,
    Originals,
    Reject,
    Request,
    Unsure,
    note_columns,
    require_columns,
)
from ingestion.fingerprints import link_safely
from ingestion.naming import key_column_name, literal, nearest

_MARK = b"\xef\xbb\xbf"
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]*")
# what the engine's parser accepts against the standard; a line in which this is true is shown to orjson. The last
# expression keeps "Info" from being doubted; asked of every line, it alone would cost more than the parsing
_MAY_BE_LENIENT = (
    r"regexp_matches(line, ',\s*[}\]]') or case when contains(line, 'NaN') or contains(line, 'Inf') "
    r"then regexp_matches(line, '[\[:,]\s*-?(NaN|Inf)') else false end"
)


def read_lines_as_delivered(request: Request) -> Feed:
    """The delivered JSONL file itself. Raises Unsure unless every line is, beyond doubt, a JSON object."""
    fingerprint = request.text.fingerprint
    if request.text.is_copy or fingerprint.has_nul or not fingerprint.is_utf8:
        raise Unsure
    lines = _read_lines(link_safely(request.text.path, request.workspace))
    keys = _survey(request.connection, lines)
    relation = f"(select line, row_number() over () as _row from {lines})"
    return _feed(request.table, relation, keys, fingerprint.lines, _LineOriginals(request.text.path))


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
    source = read_csv(sifted, ["_row", "line"], ",", line_limit=max(2_097_152, 3 * longest))
    relation = f"(select _row::bigint as _row, line from {source})"
    return _feed(request.table, relation, list(keys), delivered, _LineOriginals(request.text.path), rejects)


def read_document(request: Request) -> Feed:
    """The records listed in a JSON document. Raises DocumentInvalid when it does not parse or has no such list."""
    content = request.text.path.read_bytes().removeprefix(_MARK)
    records = _find_records(_parse_document(content), request.table.records)
    path = request.workspace / "document.json"
    path.write_bytes(content)  # without its byte order mark, under a name that is no pattern
    steps = "".join(f".{orjson.dumps(step).decode()}" for step in request.table.records.split(".") if step)
    lines = (
        f"(select unnest(records)::varchar as line, unnest(range(1, len(records) + 1))::bigint as _row "
        f"from (select json_extract(content, {literal(f'${steps}[*]')}) as records "
        f"from read_text({literal(str(path))})))"
    )

    def originals(rows: Collection[int]) -> dict[int, tuple[int | None, str]]:
        chosen = f"select _row, line from {lines} where _row in ({', '.join(map(str, rows)) or 'null'})"
        return {row: (None, text) for row, text in request.connection.execute(chosen).fetchall()}

    bad = [row for row, record in enumerate(records, start=1) if not isinstance(record, dict)]
    texts = originals(bad)
    rejects = [Reject(row, None, None, f"record {row} is not an object", texts[row][1]) for row in bad]
    keys = dict.fromkeys(key for record in records if isinstance(record, dict) for key in record)
    objects = f"(from {lines} where json_type(line) = 'OBJECT')"
    return _feed(request.table, objects, list(keys), len(records), originals, rejects)


def _feed(
    table: Table,
    lines: str,
    keys: list[str],
    delivered: int,
    originals: Originals,
    rejects: list[Reject] | None = None,
) -> Feed:
    if keys:
        require_columns(table, keys, key_column_name, "key")
    columns = _columns(table, keys)
    notes = note_columns(table, columns)
    return Feed(_extract(lines, columns), list(columns), delivered, originals, rejects or [], notes)


def _columns(table: Table, keys: Iterable[str]) -> dict[str, list[str]]:
    """Column name → the keys that fill it: declared ones first as declared, new ones by name."""
    found: dict[str, list[str]] = {}
    for key in sorted(keys):
        found.setdefault(key_column_name(key), []).append(key)
    declared = [name for name in table.raw_columns if name in found]
    return {name: found[name] for name in [*declared, *(name for name in found if name not in declared)]}


def _extract(lines: str, columns: dict[str, list[str]]) -> str:
    """SQL for one text column per name, from relation `lines` (line, _row); each line is parsed once."""
    plain: dict[str, str] = {}
    for keys in columns.values():
        for key in keys:
            if _PLAIN_KEY.fullmatch(key):
                plain.setdefault(key.lower(), key)  # the engine's struct fields do not tell case apart
    shape = orjson.dumps(dict.fromkeys(plain.values(), "VARCHAR") or {"_": "VARCHAR"}).decode()

    def value(key: str) -> str:
        if plain.get(key.lower()) == key:
            return f"struct_extract(object, {literal(key)})"
        return f"json_extract_string(line, {literal('/' + key.replace('~', '~0').replace('/', '~1'))})"

    selected = [f'coalesce({", ".join(map(value, keys))}) as "{name}"' for name, keys in columns.items()]
    return (
        f"(select {', '.join([*selected, '_row'])} "
        f"from (select line, _row, from_json(line, {literal(shape)}) as object from {lines}))"
    )


def _read_lines(path: Path) -> str:
    return (
        f"read_csv({literal(str(path))}, columns = {{'line': 'VARCHAR'}}, auto_detect = false, header = false, "
        f"delim = chr(1), quote = '', escape = '', store_rejects = true, rejects_table = '{REJECTS_TABLE}', "
        f"rejects_scan = '{SCANS_TABLE}', rejects_limit = 0)"
    )


def _survey(connection: duckdb.DuckDBPyConnection, lines: str) -> list[str]:
    """All top-level keys, from one line of every combination of keys. Raises Unsure at anything but objects."""
    try:
        shapes = connection.execute(
            f"select any_value(line), list(line) filter (where {_MAY_BE_LENIENT}) from {lines} "
            f"group by hash(json_keys(line))"
        ).fetchall()
        keys: dict[str, None] = {}
        for sample, doubtful in shapes:
            found = orjson.loads(sample or "null")
            if not isinstance(found, dict) or not found:
                raise Unsure
            keys.update(dict.fromkeys(found))
            for line in doubtful or ():
                orjson.loads(line)
    except (duckdb.InvalidInputException, orjson.JSONDecodeError) as error:
        raise Unsure from error
    return list(keys)


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


def _parse_document(content: bytes) -> object:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        cut = error.pos >= len(content.decode("utf-8", "replace").rstrip()) - 1
        raise DocumentInvalid(
            f"{'looks cut off: it' if cut else 'does not parse: JSON'} is not valid at line {error.lineno}, "
            f"column {error.colno} ({error.msg}). Ask the source to deliver it again."
        ) from error


def _find_records(document: object, path: str) -> list[Any]:
    for step in filter(None, path.split(".")):
        if not isinstance(document, dict) or step not in document:
            found = list(document) if isinstance(document, dict) else []
            close = nearest(step, found)
            raise DocumentInvalid(
                f"has no {step!r} (declared: records at {path!r}); found {', '.join(map(repr, found[:20])) or 'no keys'}"
                f"{f', the nearest is {close!r}' if close else ''}. Correct `records`, or export it again."
            )
        document = document[step]
    if not isinstance(document, list):
        raise DocumentInvalid(
            f"holds no list at {path or 'its top level'!r}. Correct `records`, or export it again."
        )
    return document


def _shown(raw: bytes) -> str:
    return raw.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
