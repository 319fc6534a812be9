"""Keys of JSON objects as columns: which key fills which column, and the SQL that takes them out of a line.

How the objects are found in a file is in `json_lines.py` and `json_files.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import duckdb
import orjson
import pyarrow as pa

from ingestion.declarations import Table
from ingestion.feeds import Feed, Originals, Reject, note_columns, require_columns
from ingestion.naming import key_column_name, literal

_REPAIRED_VIEW = "ingestion_repaired_lines"
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]*")


def feed_objects(
    table: Table,
    lines: str,
    keys: list[str],
    delivered: int,
    originals: Originals,
    rejects: list[Reject] | None = None,
) -> Feed:
    """The feed of a relation (line, _row) whose lines are objects with these `keys`. Raises HeaderMismatch."""
    if keys:
        require_columns(table, keys, key_column_name, "key")
    columns = _columns(table, keys)
    notes = note_columns(table, columns)
    return Feed(_extract(lines, columns), list(columns), delivered, originals, rejects or [], notes)


def take_last_of_repeated(connection: duckdb.DuckDBPyConnection, lines: str) -> str:
    """The relation (line, _row) with each key once in a line: of a repeated one the last counts, as JSON parsers do.

    Left alone, the engine would take the first.
    """
    found = connection.execute(
        f"select _row, json_keys(line), json_extract(line, '$.*')::varchar[] from {lines} "
        f"where len(json_keys(line)) <> list_unique(json_keys(line))"
    ).fetchall()
    if not found:
        return lines
    members = [dict(zip(keys, values, strict=True)) for _, keys, values in found]
    texts = [
        ",".join(f"{orjson.dumps(key).decode()}:{value}" for key, value in each.items()) for each in members
    ]
    repaired = {
        "_row": pa.array([row for row, *_ in found], pa.int64()),
        "line": pa.array([f"{{{t}}}" for t in texts]),
    }
    connection.register(_REPAIRED_VIEW, pa.table(repaired))
    return (
        f"(select coalesce(repaired.line, lines.line) as line, _row from {lines} as lines "
        f"left join {_REPAIRED_VIEW} as repaired using (_row))"
    )


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
