"""Mailchimp Marketing API 3.0: contacts of an audience, and memberships of its static segments.

A subscription is never written for somebody Mailchimp already knows: `status_if_new` only, and `status` never.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from reverse_etl.contract import (
    Action,
    DestinationSpec,
    MatchKey,
    Member,
    Operation,
    Outcome,
    Presence,
    Request,
    Response,
    Sighting,
    Status,
    Target,
    Verdict,
)
from reverse_etl.destinations.answers import (
    classify_by_status,
    nothing_processed,
    refused,
    rows_of,
    without_addresses,
)
from reverse_etl.destinations.unread import Unread
from reverse_etl.errors import TargetFailed
from reverse_etl.normalisers import email, text

OPTED_OUT = "unsubscribed at destination"
_EMAIL = MatchKey("email_address", "email", email)
_PAGE = 1000  # the most Mailchimp gives at once
_PRESENCE = {
    "unsubscribed": Presence.OPTED_OUT,
    "cleaned": Presence.OPTED_OUT,
    "archived": Presence.ARCHIVED,
}
_COMPLIANCE = "Member In Compliance State"


def _md5(value: str) -> str:
    return f"md5({value})"


CONTACT_SPEC = DestinationSpec(
    destination="mailchimp",
    object="contact",
    channels=("email",),
    match_keys=(_EMAIL,),
    rules={"email_address": (("email_address", email),), "email": (("email_address", email),)},
    other=text,
    remote_id=_md5,
    norm_version="mailchimp-1",
    batch=1,
    wave=100,
    concurrency=8,  # 10 simultaneous connections per account are allowed; two are left for other software
    requests_per_second=200.0,
    inspects=True,
    reopens_target=True,
    modes=("mirror", "upsert", "update_only", "add_only"),
)
MEMBERSHIP_SPEC = DestinationSpec(
    destination="mailchimp",
    object="segment_membership",
    channels=("email",),
    match_keys=(_EMAIL,),
    rules=CONTACT_SPEC.rules,
    remote_id=_md5,
    norm_version="mailchimp-1",
    batch=500,
    wave=500,
    concurrency=8,
    requests_per_second=200.0,
    order=1,
)


def _classify(response: Response) -> Verdict:
    # An overloaded Mailchimp answers 403 or 429 without a JSON body; a 403 that explains itself is about the key
    if response.status == 403 and not isinstance(response.body, Mapping):
        return Verdict.SLOW_DOWN
    return classify_by_status(response)


def _explain(response: Response) -> str:
    body = response.body if isinstance(response.body, Mapping) else {}
    words = " ".join(str(body.get(name) or "") for name in ("title", "detail")).strip()
    return without_addresses(f"Mailchimp refused it ({response.status}): {words or 'no explanation given'}")


class Contacts:
    """One contact per request: upsert by address, removal by archiving."""

    spec = CONTACT_SPEC

    def classify(self, response: Response) -> Verdict:
        return _classify(response)

    def open_target(
        self, _name: str, account_id: str, fields: Sequence[str], /
    ) -> Generator[Request, Response, str]:
        """Creates the audience fields (merge fields) that are missing: Mailchimp ignores values for unknown ones."""
        path = f"/3.0/lists/{account_id}/merge-fields"
        answer = yield Request("GET", path, query={"count": "1000", "fields": "merge_fields.tag"})
        known = {field["tag"] for field in _listed(answer, "merge_fields", f"audience {account_id}")}
        for tag in fields:
            if tag not in known and tag != "email_address":
                created = yield Request("POST", path, json={"tag": tag, "name": tag.title(), "type": "text"})
                _found(created, "tag", f"audience field {tag}")
        return account_id

    def inspect(self, operations: Sequence[Operation], target: Target) -> list[Request]:
        return [
            Request(
                "GET", _member_path(operation, target), query={"fields": "status"}, op_ids=(operation.op_id,)
            )
            for operation in operations
        ]

    def read_presence(self, response: Response, operations: Sequence[Operation], /) -> Mapping[str, Sighting]:
        if response.status == 404:
            return {operations[0].op_id: Sighting(Presence.ABSENT)}
        is_member = response.status == 200 and isinstance(response.body, Mapping)
        status = response.body.get("status") if is_member else None
        presence = _PRESENCE.get(status, Presence.PRESENT) if status else None
        return {operations[0].op_id: Sighting(presence)} if presence else {}

    def encode(self, operations: Sequence[Operation], target: Target) -> list[Request]:
        return [_contact_request(operation, target) for operation in operations]

    def decode(
        self, _request: Request, response: Response, operations: Sequence[Operation], /
    ) -> list[Outcome]:
        operation = operations[0]
        if operation.action is Action.REMOVE and response.status in (204, 404, 405):
            # 405: Mailchimp's answer for a contact that is archived already
            return [Outcome(operation.op_id, Status.ACCEPTED)]
        body = response.body if isinstance(response.body, Mapping) else {}
        if body.get("title") == _COMPLIANCE or body.get("status") in ("unsubscribed", "cleaned"):
            return [Outcome(operation.op_id, Status.REJECTED, OPTED_OUT, is_opt_out=True)]
        if not 200 <= response.status < 300:
            return refused(operations, _explain(response))
        if body.get("id") != operation.remote_id:
            return nothing_processed(operations)
        return [Outcome(operation.op_id, Status.ACCEPTED)]

    def read_members(self, target: Target) -> Generator[Request, Response, list[Member]]:
        return _read_members(f"/3.0/lists/{target.account_id}/members", f"audience {target.account_id}")


class SegmentMemberships(Unread):
    """Addresses in and out of a static segment, up to 500 per request; only contacts of the audience can be in."""

    spec = MEMBERSHIP_SPEC

    def classify(self, response: Response) -> Verdict:
        return _classify(response)

    def open_target(
        self, name: str, account_id: str, _fields: Sequence[str], /
    ) -> Generator[Request, Response, str]:
        """Finds the static segment by its name, or creates it empty."""
        path = f"/3.0/lists/{account_id}/segments"
        query = {"type": "static", "count": "1000", "fields": "segments.id,segments.name"}
        answer = yield Request("GET", path, query=query)
        for segment in _listed(answer, "segments", f"audience {account_id}"):
            if segment["name"] == name:
                return str(segment["id"])
        created = yield Request("POST", path, json={"name": name, "static_segment": []})
        return _found(created, "id", f"segment {name!r}")

    def encode(self, operations: Sequence[Operation], target: Target) -> list[Request]:
        side = "members_to_remove" if operations[0].action is Action.REMOVE else "members_to_add"
        return [
            Request(
                "POST",
                f"/3.0/lists/{target.account_id}/segments/{target.remote}",
                json={side: [operation.identifiers["email_address"] for operation in operations]},
                op_ids=tuple(operation.op_id for operation in operations),
            )
        ]

    def decode(
        self, _request: Request, response: Response, operations: Sequence[Operation], /
    ) -> list[Outcome]:
        if not 200 <= response.status < 300:
            return refused(operations, _explain(response))
        body = response.body if isinstance(response.body, Mapping) else {}
        errors = {
            str(address).lower(): str(error.get("error", ""))
            for error in rows_of(body, "errors")
            for address in (error.get("email_addresses") or ())
        }
        if not errors and not _mentions_members(body):
            return nothing_processed(operations)
        return [_membership_outcome(operation, errors) for operation in operations]

    def read_members(self, target: Target) -> Generator[Request, Response, list[Member]]:
        path = f"/3.0/lists/{target.account_id}/segments/{target.remote}/members"
        return _read_members(path, f"segment {target.name!r}", fields=False)


def _read_members(path: str, what: str, *, fields: bool = True) -> Generator[Request, Response, list[Member]]:
    """Every page of members; for a segment only who is in it, since the contacts sync answers for fields."""
    wanted = "members.id,members.status,members.merge_fields"
    members: list[Member] = []
    while True:
        query = {"count": str(_PAGE), "offset": str(len(members)), "fields": wanted}
        page = _listed((yield Request("GET", path, query=query)), "members", what)
        members += [
            Member(
                member["id"],
                {name: str(value) for name, value in (member.get("merge_fields") or {}).items()}
                if fields
                else {},
                _PRESENCE.get(member.get("status", ""), Presence.PRESENT),
            )
            for member in page
        ]
        if len(page) < _PAGE:
            return members


def _mentions_members(body: Mapping[str, Any]) -> bool:
    return any(
        body.get(name) for name in ("members_added", "members_removed", "total_added", "total_removed")
    )


def _membership_outcome(operation: Operation, errors: Mapping[str, str]) -> Outcome:
    error = errors.get(operation.identifiers["email_address"])
    if error is None or operation.action is Action.REMOVE:
        # an address that cannot be removed because it is not there is where it should be
        return Outcome(operation.op_id, Status.ACCEPTED)
    # Not permanent: the contact may be accepted later, and only then can it join the segment
    return Outcome(
        operation.op_id, Status.REJECTED, without_addresses(f"Mailchimp: {error}"), is_permanent=False
    )


def _contact_request(operation: Operation, target: Target) -> Request:
    path = _member_path(operation, target)
    if operation.action is Action.REMOVE:
        return Request("DELETE", path, op_ids=(operation.op_id,))
    fields = {name: value or "" for name, value in operation.payload.items() if name != "email_address"}
    body = {
        "email_address": operation.identifiers["email_address"],
        "status_if_new": "subscribed",
        "merge_fields": fields,
    }
    return Request("PUT", path, json=body, op_ids=(operation.op_id,))


def _member_path(operation: Operation, target: Target) -> str:
    return f"/3.0/lists/{target.account_id}/members/{operation.remote_id}"


def _listed(response: Response, name: str, what: str) -> list[dict[str, Any]]:
    _found(response, name, what)
    return [dict(row) for row in rows_of(response.body, name)]


def _found(response: Response, name: str, what: str) -> str:
    body = response.body if isinstance(response.body, Mapping) else {}
    if not 200 <= response.status < 300 or name not in body:
        raise TargetFailed(
            f"Mailchimp's {what} could not be opened: {_explain(response)}. "
            f"Check CDP_MAILCHIMP_LIST_ID and the key's rights, then run the sync again."
        )
    return str(body[name])
