"""PostgreSQL: one row per person in a table that this software makes and owns, by our own key; values are text.

The table is made, and columns are added, when the sync runs; a table of somebody else's is never touched.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

from reverse_etl.contract import (
    Action,
    DestinationSpec,
    MatchKey,
    Member,
    Operation,
    Outcome,
    Request,
    Response,
    Status,
    Target,
)
from reverse_etl.destinations.answers import (
    body_of,
    for_all,
    nothing_processed,
    refused,
    without_addresses,
)
from reverse_etl.destinations.targets import explanation, found, listed
from reverse_etl.destinations.unread import Unread
from reverse_etl.normalisers import text

KEY = "record_key"
_PAGE = 5_000
_ADVICE = "Check CDP_POSTGRES_URL and the user's rights, or give the sync another target"

ROW_SPEC = DestinationSpec(
    destination="postgres",
    object="row",
    match_keys=(MatchKey(KEY, "key", text),),
    rules={},
    other=text,
    norm_version="postgres-1",
    batch=5_000,
    wave=5_000,
    requests_per_second=1000.0,
    reopens_target=True,
)


class Rows(Unread):
    """Rows by key: upsert and delete, each batch in one transaction."""

    spec = ROW_SPEC

    def open_target(
        self, name: str, _account_id: str, fields: Sequence[str], /
    ) -> Generator[Request, Response, str]:
        """Makes the table if there is none, and the columns it lacks."""
        columns = [field for field in fields if field != KEY]
        answer = yield Request("OPEN", name, json={"columns": columns})
        return str(found(answer, "table", "PostgreSQL", f"Table {name}", _ADVICE))

    def encode(self, operations: Sequence[Operation], target: Target, /) -> list[Request]:
        if operations[0].action is Action.REMOVE:
            op_ids = tuple(operation.op_id for operation in operations)
            keys = [operation.identifiers[KEY] for operation in operations]
            return [Request("DELETE", target.remote, json={"keys": keys}, op_ids=op_ids)]
        return [_upsert(columns, group, target) for columns, group in _by_columns(operations).items()]

    def decode(
        self, request: Request, response: Response, operations: Sequence[Operation], /
    ) -> list[Outcome]:
        if response.status != 200:
            words = without_addresses(explanation(response) or "no explanation given")
            return refused(operations, f"PostgreSQL refused it: {words}")
        keys = body_of(response).get("keys")
        if not isinstance(keys, list):
            return nothing_processed(operations)
        if request.method == "DELETE":
            return for_all(operations, Status.ACCEPTED)  # what was not there is where it should be
        written = {str(key) for key in keys}
        return [
            Outcome(operation.op_id, Status.ACCEPTED)
            if operation.identifiers[KEY] in written
            else Outcome(operation.op_id, Status.UNKNOWN, "the database did not say that it wrote this row")
            for operation in operations
        ]

    def read_members(self, target: Target, /) -> Generator[Request, Response, list[Member]]:
        """Every row, by key."""
        members: list[Member] = []
        while True:
            after = members[-1].remote_id if members else ""
            answer = yield Request("READ", target.remote, json={"after": after, "limit": _PAGE})
            rows = listed(answer, "rows", "PostgreSQL", f"Table {target.remote}", _ADVICE)
            members += [
                Member(row[KEY], {name: value for name, value in row.items() if name != "synced_at"})
                for row in rows
            ]
            if len(rows) < _PAGE:
                return members


def _by_columns(operations: Sequence[Operation]) -> dict[tuple[str, ...], list[Operation]]:
    """Operations that write the same columns: a field that is left out of a row must keep what it has."""
    groups: dict[tuple[str, ...], list[Operation]] = {}
    for operation in operations:
        groups.setdefault(tuple(name for name in operation.payload if name != KEY), []).append(operation)
    return groups


def _upsert(columns: tuple[str, ...], operations: Sequence[Operation], target: Target) -> Request:
    rows = [
        [operation.identifiers[KEY], *(_text(operation.payload[name]) for name in columns)]
        for operation in operations
    ]
    op_ids = tuple(operation.op_id for operation in operations)
    return Request("UPSERT", target.remote, json={"columns": [KEY, *columns], "rows": rows}, op_ids=op_ids)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
