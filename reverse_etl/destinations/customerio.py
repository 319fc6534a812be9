"""Customer.io Track API: people by our own customer id, and memberships of manual segments by the same id.

The id is ours alone, so a person found under it is one that we added. A person's `unsubscribed` is never written; it is
read over the App API, a second address with a key of its own. Syncs of people should use mode `upsert`, since deleting
somebody forgets it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from reverse_etl.contract import (
    Action,
    DestinationSpec,
    MatchKey,
    Operation,
    OptOut,
    Outcome,
    Request,
    Response,
    Status,
    Target,
)
from reverse_etl.destinations.answers import (
    body_of,
    for_all,
    refused,
    rows_of,
    without_addresses,
)
from reverse_etl.destinations.batching import within_bytes
from reverse_etl.destinations.targets import explanation, found
from reverse_etl.destinations.unread import OneSetPerAccount, Unread
from reverse_etl.errors import TargetFailed
from reverse_etl.normalisers import email, text

MOST_BYTES = 500_000  # of a batch
MOST_BYTES_EACH = 32_000  # of one operation in it
_PAGE = 1000  # the most people Customer.io gives at once
_APP_ADVICE = "Check CDP_CUSTOMERIO_APP_API_KEY"
_PROOF = "unsubscribed at Customer.io"
_CHANNELS: tuple[Literal["email", "sms"], ...] = (
    "email",
    "sms",
)  # whoever is unsubscribed there gets no message at all
_KEYS = (MatchKey("id", "key", text), MatchKey("email", "email", email))
_NEVER = frozenset({"unsubscribed", "cio_subscription_preferences", "suppressed"})

PERSON_SPEC = DestinationSpec(
    destination="customerio",
    object="person",
    channels=("email", "sms"),
    match_keys=_KEYS,
    rules={"email": (("email", email),)},
    other=text,
    norm_version="customerio-1",
    batch=1000,
    wave=1000,
    requests_per_second=90.0,  # 100 a second are fair use; there are no headers that say so
    keeps_types=True,
    forbidden_fields=_NEVER,
    removing_forgets=True,
)
MEMBERSHIP_SPEC = DestinationSpec(
    destination="customerio",
    object="segment_membership",
    channels=("email", "sms"),
    match_keys=_KEYS,
    rules=PERSON_SPEC.rules,
    norm_version="customerio-1",
    batch=1000,
    wave=1000,
    requests_per_second=90.0,
    order=1,
    forbidden_fields=_NEVER,
)


class _Workspace(Unread):
    """What both objects share: a workspace that tells who unsubscribed."""

    opt_out_account = "customerio_app"

    def read_opt_outs(self, _since: datetime | None, /) -> Generator[Request, Response, list[OptOut]]:
        """Everybody whose `unsubscribed` is true, page by page: no mail and no text message. No dates are told."""
        condition = {"attribute": {"field": "unsubscribed", "operator": "eq", "value": "true"}}
        query, told = {"limit": str(_PAGE)}, []
        while True:
            answer = yield Request("POST", "/v1/customers", json={"filter": condition}, query=query)
            found(answer, "identifiers", "Customer.io", "The list of who unsubscribed", _APP_ADVICE)
            for person in rows_of(answer.body, "identifiers"):
                told += _opt_outs(person)
            following = body_of(answer).get("next")
            if not following:
                return told
            query = {**query, "start": str(following)}


class People(OneSetPerAccount, _Workspace):
    """People in batches: identify for additions and changes, delete for removals."""

    spec = PERSON_SPEC

    def encode(self, operations: Sequence[Operation], _target: Target, /) -> list[Request]:
        entries = [_entry(operation) for operation in operations]
        return [
            Request(
                "POST",
                "/api/v2/batch",
                json={"batch": entries[run]},
                op_ids=tuple(operation.op_id for operation in operations[run]),
            )
            for run in within_bytes(entries, MOST_BYTES, MOST_BYTES_EACH, len('{"batch": []}'))
        ]

    def decode(
        self, _request: Request, response: Response, operations: Sequence[Operation], /
    ) -> list[Outcome]:
        """200 takes all of them and says nothing more; 207 names those that were not taken, by their place."""
        if response.status == 200:
            return _taken(response, operations)
        if response.status != 207:
            return refused(operations, _words(response))
        errors = rows_of(body_of(response), "errors")
        words = {error.get("batch_index"): _complaint(error) for error in errors}
        if not words or not set(words) <= set(range(len(operations))):
            return for_all(operations, Status.UNKNOWN, "Customer.io took only a part and did not say which")
        return [
            Outcome(operation.op_id, Status.REJECTED, words[place])
            if place in words
            else Outcome(operation.op_id, Status.ACCEPTED)
            for place, operation in enumerate(operations)
        ]


class SegmentMemberships(_Workspace):
    """Ids in and out of a manual segment, up to 1,000 a call; the sync's target is the segment's number."""

    spec = MEMBERSHIP_SPEC

    def open_target(
        self, name: str, _account_id: str, _fields: Sequence[str], /
    ) -> Generator[Request, Response, str]:
        """No conversation: the Track API can neither list nor make segments. Raises TargetFailed for a name."""
        if not name.isdigit():
            raise TargetFailed(
                f"Customer.io's segments are known by number, and {name!r} is none. Make a manual segment there and "
                f"write the number that stands in its address as the sync's `target`."
            )
        return name
        yield

    def encode(self, operations: Sequence[Operation], target: Target, /) -> list[Request]:
        verb = "remove_customers" if operations[0].action is Action.REMOVE else "add_customers"
        ids = [operation.identifiers["id"] for operation in operations]
        op_ids = tuple(operation.op_id for operation in operations)
        # ids are of type `id` unless said otherwise, and removing works with no other type
        return [Request("POST", f"/api/v1/segments/{target.remote}/{verb}", json={"ids": ids}, op_ids=op_ids)]

    def decode(
        self, _request: Request, response: Response, operations: Sequence[Operation], /
    ) -> list[Outcome]:
        if response.status == 200:
            return _taken(response, operations)
        return refused(operations, _words(response))


def _opt_outs(person: Mapping[str, Any]) -> list[OptOut]:
    """By our own id and by the address: the customer may have been merged since, or the address be another's too."""
    customer, address = str(person.get("id") or ""), str(person.get("email") or "").lower()
    told = []
    for channel in _CHANNELS:
        if customer:
            told.append(OptOut("customer_id", customer, None, _PROOF, channel))
        if address:
            told.append(OptOut("email", address, None, _PROOF, channel))
    return told


def _entry(operation: Operation) -> dict[str, Any]:
    who = {"type": "person", "identifiers": {"id": operation.identifiers["id"]}}
    if operation.action is Action.REMOVE:
        return {**who, "action": "delete"}
    return {**who, "action": "identify", "attributes": dict(operation.payload)}


def _taken(response: Response, operations: Sequence[Operation]) -> list[Outcome]:
    # the documented answer is an empty object: anything else comes from something that is not Customer.io
    if response.body == {}:
        return for_all(operations, Status.ACCEPTED)
    return for_all(operations, Status.UNKNOWN, "answered with success, but not as Customer.io does")


def _complaint(error: Mapping[str, Any]) -> str:
    words = " ".join(str(error[name]) for name in ("field", "message") if error.get(name))
    return without_addresses(f"Customer.io: {words or error.get('reason') or 'refused'}")


def _words(response: Response) -> str:
    words = explanation(response) or "no explanation given"
    return without_addresses(f"Customer.io refused it ({response.status}): {words}")
