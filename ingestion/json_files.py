"""JSON documents: objects listed in one document, every top-level key a text column.

orjson judges the document and the engine takes it apart; keys become columns in `json_columns.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import orjson

from ingestion.errors import DocumentInvalid
from ingestion.feeds import Feed, Reject, Request
from ingestion.json_columns import feed_objects, take_last_of_repeated
from ingestion.naming import literal, nearest

_RECORDS = "ingestion_records"
_MARK = b"\xef\xbb\xbf"


def read_document(request: Request) -> Feed:
    """The records listed in a JSON document. Raises DocumentInvalid when it does not parse or has no such list."""
    content = request.text.path.read_bytes().removeprefix(_MARK)
    records = _find_records(_parse_document(content), request.table.records)
    _take_apart(request, content)

    def originals(rows: Collection[int]) -> dict[int, tuple[int | None, str]]:
        chosen = f"select _row, line from {_RECORDS} where _row in ({', '.join(map(str, rows)) or 'null'})"
        return {row: (None, text) for row, text in request.connection.execute(chosen).fetchall()}

    bad = [row for row, record in enumerate(records, start=1) if not isinstance(record, dict)]
    texts = originals(bad)
    rejects = [Reject(row, None, None, f"record {row} is not an object", texts[row][1]) for row in bad]
    keys = dict.fromkeys(key for record in records if isinstance(record, dict) for key in record)
    objects = take_last_of_repeated(request.connection, f"(from {_RECORDS} where json_type(line) = 'OBJECT')")
    return feed_objects(request, objects, list(keys), len(records), originals, rejects)


def _take_apart(request: Request, content: bytes) -> None:
    """Every record with its number into a temporary table: the engine would parse the document once a query."""
    path = request.workspace / "document.json"
    path.write_bytes(content)  # without its byte order mark, under a name that is no pattern
    steps = "".join(f".{orjson.dumps(step).decode()}" for step in request.table.records.split(".") if step)
    request.connection.execute(
        f"create or replace temp table {_RECORDS} as "
        f"select unnest(records)::varchar as line, unnest(range(1, len(records) + 1))::bigint as _row "
        f"from (select json_extract(content, {literal(f'${steps}[*]')}) as records from read_text({literal(str(path))}))"
    )


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
        lists = (
            [key for key, value in document.items() if isinstance(value, list)]
            if isinstance(document, dict)
            else []
        )
        hint = f"; its lists are at {', '.join(map(repr, lists[:5]))}" if lists else ""
        raise DocumentInvalid(
            f"holds no list of records at {path or 'its top level'!r}{hint}. Correct `records`, or export it again."
        )
    return document
