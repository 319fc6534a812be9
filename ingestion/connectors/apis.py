"""One table of an API as a dlt resource: what is asked, and records as lines of JSON.

Records pass through as text in one Arrow column. dlt's own normaliser would take each value apart row by row (3,300 rows a
second), guess types, and put a value of another type into another column.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import dlt
import orjson
import pyarrow as pa
from dlt.extract import DltResource
from dlt.sources.rest_api import rest_api_resources
from dlt.sources.rest_api.typing import RESTAPIConfig

from ingestion.connectors.cursors import beginning, newest_change, told
from ingestion.connectors.pages import Opening, Pages
from ingestion.connectors.placeholders import fill
from ingestion.connectors.transport import Session, check_address
from ingestion.declarations import Api, Endpoint, Table
from ingestion.errors import AnswerNotUnderstood


def api_resource(
    api: Api, table: Table, session: Session, environ: Mapping[str, str], now: datetime
) -> tuple[DltResource, Pages]:
    """The resource that yields the table's new and changed records, and the pages it walks. `now` is naive UTC."""
    endpoint = table.endpoint
    assert endpoint is not None  # `Source` sees to it
    base_url, path = check_address(fill(api.base_url, environ)), fill(endpoint.path, environ)
    pages = Pages(
        endpoint.pagination or api.pagination,
        ApiReading(table, endpoint, environ, now.replace(tzinfo=UTC)),
        records=endpoint.records,
        may_lack_records=endpoint.may_lack_records,
        first_address=base_url,
    )
    config: RESTAPIConfig = {
        "client": {"base_url": base_url, "headers": fill(api.headers, environ), "session": session},
        "resources": [
            {
                "name": table.name,
                "max_table_nesting": 0,
                "endpoint": {
                    "path": path.replace("{", "{{").replace("}", "}}"),
                    "method": endpoint.method,
                    "data_selector": _selector(endpoint),
                    "paginator": pages,
                },
            }
        ],
    }
    (resource,) = rest_api_resources(config)
    resource.add_step(ToLines(endpoint.lift))
    return resource, pages


@dataclass
class ApiReading:
    """A `Reading` that begins where the last pull ended, by the state that dlt keeps with the package."""

    table: Table
    endpoint: Endpoint
    environ: Mapping[str, str]
    now: datetime
    _asked_from: datetime | None = field(default=None, init=False)

    def begin(self) -> tuple[Opening, str | None]:
        kept = None if self.table.load == "replace" else self._state.get("newest")
        cursor = self._state.get("cursor")
        self._asked_from = beginning(kept, self.endpoint.since)
        return (self.begin_at_cursor() if cursor else self._opening(self._asked_from)), cursor

    def begin_at_cursor(self) -> Opening:
        return self._opening(None)

    def begin_after(self, records: Sequence[object]) -> Opening:
        newest = self._newest(records)
        if newest is None or told(newest, self.endpoint.since) == told(self._asked_from, self.endpoint.since):
            raise AnswerNotUnderstood(
                "The vendor pages no further, and all these records changed in the same second. "
                "Narrow the endpoint's filter, or ask for the whole list instead."
            )
        self._asked_from = newest
        return self._opening(newest)

    def saw(self, records: Sequence[object]) -> None:
        newest, before = self._newest(records), self._state.get("newest")
        if newest and (before is None or datetime.fromisoformat(before) < newest):
            self._state["newest"] = newest.isoformat()

    def keep(self, cursor: str) -> None:
        self._state["cursor"] = cursor

    def _newest(self, records: Sequence[object]) -> datetime | None:
        flat = (lifted(record, self.endpoint.lift) for record in records)
        return newest_change(flat, self.table.cursor, self.endpoint.since, self.now)

    @property
    def _state(self) -> dict[str, Any]:
        return dlt.current.resource_state(self.table.name)

    def _opening(self, start: datetime | None) -> Opening:
        since = self.endpoint.since
        known = {**self.environ, "since": told(start, since), "until": told(self.now, since)}
        body = fill(self.endpoint.body or {}, known) if self.endpoint.method == "POST" else None
        return Opening(fill(self.endpoint.params, known), body)


class ToLines:
    """A page of records as an Arrow table: `record`, a line of JSON, and `ordinal`, its place in this pull."""

    def __init__(self, lift: Mapping[str, str]) -> None:
        self._lift, self._count = lift, 0

    def __call__(self, page: Sequence[object], _meta: object = None) -> pa.Table | None:
        if not page:
            return None
        lines = [to_line(lifted(record, self._lift)) for record in page]
        ordinals = range(self._count, self._count + len(lines))
        self._count += len(lines)
        return pa.table({"record": pa.array(lines, pa.string()), "ordinal": pa.array(ordinals, pa.int64())})


def lifted(record: object, lift: Mapping[str, str]) -> object:
    """The record with the members of its `lift` objects as its own; a name that is taken gets the object's before it."""
    if not isinstance(record, dict) or not lift:
        return record
    flat = {key: value for key, value in record.items() if not (key in lift and isinstance(value, dict))}
    for key, prefix in lift.items():
        inner = record.get(key)
        for name, value in inner.items() if isinstance(inner, dict) else ():
            flat[f"{key}_{name}" if prefix + name in flat else prefix + name] = value
    return flat


def to_line(record: object) -> str:
    """One line of JSON."""
    try:
        return orjson.dumps(record).decode()
    except orjson.JSONEncodeError:
        return orjson.dumps(_with_halves_escaped(record)).decode()


def _with_halves_escaped(value: object) -> object:
    """Half a surrogate pair, which is no character and which orjson does not write, as the escape it was sent as."""
    match value:
        case dict():
            return {
                name.encode(errors="backslashreplace").decode(): _with_halves_escaped(member)
                for name, member in value.items()
            }
        case list():
            return [_with_halves_escaped(item) for item in value]
        case str() if not value.isascii():
            return orjson.Fragment(json.dumps(value))
        case _:
            return value


def _selector(endpoint: Endpoint) -> str:
    return endpoint.records or "$"
