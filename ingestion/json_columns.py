"""Keys of JSON objects as columns: which key fills which column, and the SQL that takes them out of a line.

How the objects are found in a file is in `json_lines.py` and `json_files.py`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping

import duckdb
import orjson
import pyarrow as pa

from ingestion.declarations import Table
from ingestion.feeds import Feed, Originals, Reject, Request, note_columns, require_columns
from ingestion.naming import key_column_name, literal, quoted

_REPAIRED_VIEW = "ingestion_repaired_lines"
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]*")


def feed_objects(
    request: Request,
    lines: str,
    keys: list[str],
    delivered: int,
    originals: Originals,
    rejects: list[Reject] | None = None,
) -> Feed:
    """The feed of a relation (line, _row) whose lines are objects with these `keys`. Raises HeaderMismatch."""
    objects, values = _take_out(lines, keys)
    return feed_values(request, objects, values, delivered, originals, rejects)


def feed_values(
    request: Request,
    objects: str,
    values: Mapping[str, str],
    delivered: int,
    originals: Originals,
    rejects: list[Reject] | None = None,
) -> Feed:
    """The feed of a relation (_row and more) and the SQL of each key's value in it. Raises HeaderMismatch."""
    if values:
        require_columns(request.table, list(values), key_column_name, "key")
    columns = _columns(request.table, values)
    selected = {name: f"coalesce({', '.join(values[key] for key in keys)})" for name, keys in columns.items()}
    selected |= _further_values(request, objects, values, columns)
    told = "".join(f"{value} as {quoted(name)}, " for name, value in selected.items())
    notes = note_columns(request.table, selected)
    return Feed(
        f"(select {told}_row from {objects})", list(selected), delivered, originals, rejects or [], notes
    )


def _further_values(
    request: Request, objects: str, values: Mapping[str, str], columns: Mapping[str, list[str]]
) -> dict[str, str]:
    """Columns for what would be lost where an object has two keys of one column and they differ: `email_2`, …

    Most often only the spelling of a key changed and no object has both; to know it costs a pass, so it is asked only
    where keys share a column.
    """
    several = {
        name: _distinct([values[key] for key in keys]) for name, keys in columns.items() if len(keys) > 1
    }
    if not several:
        return {}
    counts = ", ".join(f"max(len({found}))" for found in several.values())
    most = request.connection.execute(f"select {counts} from {objects}").fetchall()[0]
    further: dict[str, str] = {}
    for (name, found), count in zip(several.items(), most, strict=True):
        numbers = (number for number in itertools.count(2) if f"{name}_{number}" not in columns)
        for place in range(2, (count or 0) + 1):
            further[f"{name}_{next(numbers)}"] = f"{found}[{place}]"
    return further


def _distinct(values: list[str]) -> str:
    """SQL for the list of these values, each once, in this order, without NULL."""
    every = f"[{', '.join(values)}]"
    return f"list_filter({every}, lambda value, place: value is not null and list_position({every}, value) = place)"


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


def _take_out(lines: str, keys: Iterable[str]) -> tuple[str, dict[str, str]]:
    """A relation (line, object, _row) that parses each line once, and the SQL of every key's value in it."""
    plain: dict[str, str] = {}
    for key in sorted(keys):
        if _PLAIN_KEY.fullmatch(key):
            plain.setdefault(key.lower(), key)  # the engine's struct fields do not tell case apart
    shape = orjson.dumps(dict.fromkeys(plain.values(), "VARCHAR") or {"_": "VARCHAR"}).decode()

    def value(key: str) -> str:
        if plain.get(key.lower()) == key:
            return f"struct_extract(object, {literal(key)})"
        return f"json_extract_string(line, {literal('/' + key.replace('~', '~0').replace('/', '~1'))})"

    objects = f"(select line, _row, from_json(line, {literal(shape)}) as object from {lines})"
    return objects, {key: value(key) for key in keys}
