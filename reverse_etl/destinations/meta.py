"""Meta Custom Audiences (Marketing API): people by hashed identifiers, added to and removed from an audience.

Meta answers with counts, never per person; what it knows about a person cannot be read back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from reverse_etl.contract import (
    Action,
    DestinationSpec,
    MatchKey,
    Operation,
    Outcome,
    Request,
    Response,
    Status,
    Target,
    Verdict,
)
from reverse_etl.destinations.answers import (
    body_of,
    classify_by_status,
    for_all,
    nothing_processed,
    refused,
    rows_of,
    without_addresses,
)
from reverse_etl.destinations.unread import Unread
from reverse_etl.errors import TargetFailed
from reverse_etl.normalisers import (
    birth_part,
    country,
    email,
    hashed,
    letters,
    letters_joined,
    phone_digits,
    postcode,
)

GRAPH_VERSION = "v25.0"
SCHEMA = ("EMAIL", "PHONE", "FN", "LN", "CT", "ZIP", "COUNTRY", "DOBY", "DOBM", "DOBD")
_EMAIL, _PHONE = hashed(email), hashed(phone_digits)
_BIRTH = tuple(
    (name, hashed(birth_part(part))) for name, part in (("DOBY", "%Y"), ("DOBM", "%m"), ("DOBD", "%d"))
)
_FIELDS = {
    "EMAIL": (("EMAIL", _EMAIL),),
    "PHONE": (("PHONE", _PHONE),),
    "FN": (("FN", hashed(letters)),),
    "LN": (("LN", hashed(letters)),),
    "CT": (("CT", hashed(letters_joined)),),
    "ZIP": (("ZIP", hashed(postcode)),),
    "COUNTRY": (("COUNTRY", hashed(country)),),
    "DOB": _BIRTH,
}
_RATE_CODES = frozenset(
    {4, 17, 32, 613, 80000, 80003}
)  # application, user, page, custom, ads and audience limits
_TOKEN_CODES = frozenset({102, 190, 200, 294})
_AUDIENCE_BLOCKED = 1713230

AUDIENCE_SPEC = DestinationSpec(
    destination="meta",
    object="custom_audience",
    channels=("ads",),
    match_keys=(MatchKey("EMAIL", "email", _EMAIL), MatchKey("PHONE", "phone", _PHONE)),
    rules=_FIELDS,
    norm_version="meta-1",
    batch=10_000,
    wave=20_000,
    requests_per_second=10.0,
    minimum_size=100,
    forbidden_paths=("usersreplace",),  # exchanges everybody at once, and others' people with them
)


class CustomAudience(Unread):
    """People in one audience. A person is the first usable match key: e-mail, else phone."""

    spec = AUDIENCE_SPEC

    def classify(self, response: Response) -> Verdict:
        """Graph errors say in their code, not in the HTTP status, whether to wait, to stop or to mend the request."""
        error = _error(response)
        code = error.get("code")
        if code in _RATE_CODES:
            return Verdict.SLOW_DOWN
        if error.get("error_subcode") == _AUDIENCE_BLOCKED:
            return Verdict.BLOCKED
        if code in _TOKEN_CODES:
            return Verdict.STOP
        if error.get("is_transient") or code in (1, 2):
            return Verdict.TRY_AGAIN
        return classify_by_status(response)

    def open_target(
        self, name: str, account_id: str, _fields: Sequence[str], /
    ) -> Generator[Request, Response, str]:
        """Finds the audience by its name in the ad account, or creates it empty."""
        path = f"/{GRAPH_VERSION}/act_{account_id}/customaudiences"
        query = {"fields": "id,name", "limit": "500"}
        while True:
            answer = yield Request("GET", path, query=query)
            for audience in _listed(answer, f"ad account {account_id}"):
                if audience.get("name") == name:
                    return str(audience["id"])
            after = _next_page(answer.body)
            if after is None:
                break
            query = {**query, "after": after}
        body = {"name": name, "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY"}
        created = yield Request("POST", path, json=body)
        return _found(created, "id", f"audience {name!r}")

    def encode(self, operations: Sequence[Operation], target: Target) -> list[Request]:
        removes = operations[0].action is Action.REMOVE
        wanted = SCHEMA[:2] if removes else SCHEMA
        rows = [
            _row(operation.identifiers if removes else operation.payload, wanted) for operation in operations
        ]
        schema, rows = _without_empty_columns(wanted, rows)
        op_ids = tuple(operation.op_id for operation in operations)
        body = {"payload": {"schema": list(schema), "data": rows}, "session": _session(operations)}
        path = f"/{GRAPH_VERSION}/{target.remote}/users"
        return [Request("DELETE" if removes else "POST", path, json=body, op_ids=op_ids)]

    def decode(
        self, _request: Request, response: Response, operations: Sequence[Operation], /
    ) -> list[Outcome]:
        if not 200 <= response.status < 300:
            return refused(operations, _explain(response))
        body = body_of(response)
        received, invalid = (body.get(name) or 0 for name in ("num_received", "num_invalid_entries"))
        if invalid:
            return refused(operations, f"Meta could not read {invalid} of {received} entries")
        if received != len(operations):
            return nothing_processed(operations)
        return for_all(operations, Status.ACCEPTED)


def _row(values: Mapping[str, str | None], schema: Sequence[str]) -> list[str]:
    # An unknown key is an empty string, never a hashed one (multi-key arrays of the users edge)
    return [values.get(name) or "" for name in schema]


def _without_empty_columns(
    schema: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[tuple[str, ...], list[list[str]]]:
    used = [position for position in range(len(schema)) if any(row[position] for row in rows)]
    return tuple(schema[position] for position in used), [
        [row[position] for position in used] for row in rows
    ]


def _session(operations: Sequence[Operation]) -> dict[str, Any]:
    people = "".join(f"{operation.action}{operation.remote_id}" for operation in operations)
    number = int.from_bytes(hashlib.sha256(people.encode()).digest()[:6], "big")
    return {
        "session_id": number,
        "batch_seq": 1,
        "last_batch_flag": True,
        "estimated_num_total": len(operations),
    }


def _error(response: Response) -> Mapping[str, Any]:
    error = response.body.get("error") if isinstance(response.body, Mapping) else None
    return error if isinstance(error, Mapping) else {}


def _explain(response: Response) -> str:
    error = _error(response)
    words = error.get("error_user_msg") or error.get("message") or "no explanation given"
    return without_addresses(f"Meta refused it ({response.status}): {words}")


def _next_page(body: object) -> str | None:
    paging = body.get("paging") if isinstance(body, Mapping) else None
    if not isinstance(paging, Mapping) or "next" not in paging:
        return None
    return str(paging["cursors"]["after"])


def _listed(response: Response, what: str) -> list[dict[str, Any]]:
    _found(response, "data", what)
    return [dict(row) for row in rows_of(response.body, "data")]


def _found(response: Response, name: str, what: str) -> str:
    body = response.body if isinstance(response.body, Mapping) else {}
    if not 200 <= response.status < 300 or name not in body:
        raise TargetFailed(
            f"Meta's {what} could not be opened: {_explain(response)}. "
            f"Check CDP_META_AD_ACCOUNT_ID and the token's rights (ads_management), then run the sync again."
        )
    return str(body[name])
