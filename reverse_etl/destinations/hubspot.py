"""HubSpot CRM v3: contacts by e-mail address, and memberships of lists that are filled by hand (not by filters).

Opt-outs are HubSpot's own (`hs_email_optout`): they are read before writing and never written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

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
)
from reverse_etl.destinations.answers import (
    body_of,
    for_all,
    nothing_processed,
    part_of,
    refused,
    rows_of,
    without_addresses,
)
from reverse_etl.destinations.lookups import addresses, in_groups, op_ids, record_id, sightings
from reverse_etl.destinations.targets import explanation, found, listed
from reverse_etl.destinations.unread import OneSetPerAccount, PlainHttp
from reverse_etl.errors import TargetFailed
from reverse_etl.normalisers import digest, email, text

_CONTACTS = "/crm/v3/objects/contacts/batch"
_LISTS = "/crm/v3/lists"
_CONTACT_TYPE = "0-1"  # HubSpot's id of the object type "contact"
_READ = 100  # inputs of any batch call (developers' guide; not in the specification)
_MEMBERSHIP_ANSWER = ("recordsIdsAdded", "recordIdsRemoved", "recordIdsMissing")
_PAGE = 250  # the most memberships HubSpot gives at once
_ADVICE = "Check CDP_HUBSPOT_ACCESS_TOKEN and its scopes (crm.objects.contacts, crm.lists)"
# what only people or forms may decide: whether somebody wants mail, and on which legal ground
_NEVER = frozenset({"hs_email_optout", "hs_legal_basis", "hs_marketable_status"})

CONTACT_SPEC = DestinationSpec(
    destination="hubspot",
    object="contact",
    match_keys=(MatchKey("email", "email", email),),
    rules={"email": (("email", email),)},
    other=text,
    remote_id=digest,
    norm_version="hubspot-1",
    batch=_READ,
    wave=1000,
    requests_per_second=9.0,  # 100 in ten seconds for a free account, a tenth left for other software
    burst=20,
    inspects=True,
    lag_hours=1.0,
    forbidden_fields=_NEVER,
)
MEMBERSHIP_SPEC = DestinationSpec(
    destination="hubspot",
    object="list_membership",
    match_keys=CONTACT_SPEC.match_keys,
    rules=CONTACT_SPEC.rules,
    remote_id=digest,
    norm_version="hubspot-1",
    batch=500,
    wave=500,
    requests_per_second=9.0,
    burst=20,
    inspects=True,
    lag_hours=1.0,
    order=1,
    forbidden_fields=_NEVER,
)


class Contacts(OneSetPerAccount, PlainHttp):
    """Contacts: upsert by address, removal by archiving (HubSpot keeps archived contacts for 90 days).

    Properties of one's own are made in HubSpot.
    """

    spec = CONTACT_SPEC

    def inspect(self, operations: Sequence[Operation], _target: Target, /) -> list[Request]:
        return [_read_request(addresses(group), group) for group in in_groups(operations, _READ)]

    def read_presence(self, response: Response, operations: Sequence[Operation], /) -> Mapping[str, Sighting]:
        rows = _found(response)
        # archiving somebody who unsubscribed would hide that
        return (
            {}
            if rows is None
            else sightings(operations, rows, there=Presence.PRESENT, is_out=_is_out, leaving_hides=True)
        )

    def encode(self, operations: Sequence[Operation], _target: Target, /) -> list[Request]:
        if operations[0].action is Action.REMOVE:
            inputs = [{"id": record_id(operation, "record")} for operation in operations]
            return [
                Request("POST", f"{_CONTACTS}/archive", json={"inputs": inputs}, op_ids=op_ids(operations))
            ]
        inputs = [_upsert(operation) for operation in operations]
        return [Request("POST", f"{_CONTACTS}/upsert", json={"inputs": inputs}, op_ids=op_ids(operations))]

    def decode(
        self, _request: Request, response: Response, operations: Sequence[Operation], /
    ) -> list[Outcome]:
        if operations[0].action is Action.REMOVE and response.status == 204:
            return for_all(operations, Status.ACCEPTED)
        body = body_of(response)
        if not 200 <= response.status < 300:
            if "PROPERTY_DOESNT_EXIST" in str(body):
                return for_all(operations, Status.REJECTED, _unknown_property(body), is_permanent=False)
            return refused(operations, f"HubSpot refused it ({response.status}): {_words(response)}")
        done, failed = _written(body), _failures(body)
        if not done and not failed:
            return nothing_processed(operations)
        return [_outcome(operation, done, failed) for operation in operations]


class ListMemberships(PlainHttp):
    """Contacts in and out of a list by their record ids, which are looked up by address first."""

    spec = MEMBERSHIP_SPEC

    def open_target(
        self, name: str, _account_id: str, _fields: Sequence[str], /
    ) -> Generator[Request, Response, str]:
        """Finds the list by its name, or creates it empty; a list that filters fill cannot be written to."""
        path = f"{_LISTS}/object-type-id/{_CONTACT_TYPE}/name/{quote(name, safe='')}"
        answer = yield Request("GET", path)
        if answer.status == 404:
            body = {"name": name, "objectTypeId": _CONTACT_TYPE, "processingType": "MANUAL"}
            answer = yield Request("POST", _LISTS, json=body)
        if found(answer, "list.processingType", "HubSpot", f"List {name!r}", _ADVICE) == "DYNAMIC":
            raise TargetFailed(
                f"HubSpot's list {name!r} is filled by its own filters, so nobody can be put into it. Give the sync "
                f"another target, or turn the list into a static one in HubSpot."
            )
        return str(found(answer, "list.listId", "HubSpot", f"List {name!r}", _ADVICE))

    def inspect(self, operations: Sequence[Operation], _target: Target, /) -> list[Request]:
        return [_read_request(addresses(group), group) for group in in_groups(operations, _READ)]

    def read_presence(self, response: Response, operations: Sequence[Operation], /) -> Mapping[str, Sighting]:
        rows = _found(response)
        return (
            {} if rows is None else sightings(operations, rows, not_there=Presence.STRANGER, is_out=_is_out)
        )

    def encode(self, operations: Sequence[Operation], target: Target, /) -> list[Request]:
        ids = [record_id(operation, "record") for operation in operations]
        removes = operations[0].action is Action.REMOVE
        body = {"recordIdsToAdd": [] if removes else ids, "recordIdsToRemove": ids if removes else []}
        return [
            Request(
                "PUT",
                f"{_LISTS}/{target.remote}/memberships/add-and-remove",
                json=body,
                op_ids=op_ids(operations),
            )
        ]

    def decode(
        self, _request: Request, response: Response, operations: Sequence[Operation], /
    ) -> list[Outcome]:
        if not 200 <= response.status < 300:
            return refused(operations, f"HubSpot refused it ({response.status}): {_words(response)}")
        body = body_of(response)
        if not all(isinstance(body.get(name), list) for name in _MEMBERSHIP_ANSWER):
            return nothing_processed(operations)
        # who was in it (or out of it) before stands in none of the three lists, and is where they should be
        missing = {str(record_id) for record_id in body["recordIdsMissing"]}
        return [_membership(operation, missing) for operation in operations]

    def read_members(self, target: Target, /) -> Generator[Request, Response, list[Member]]:
        """Every page of record ids, then their addresses, 100 at a time."""
        ids: list[str] = []
        query = {"limit": str(_PAGE)}
        while True:
            page = yield Request("GET", f"{_LISTS}/{target.remote}/memberships", query=query)
            ids += [
                str(row.get("recordId"))
                for row in listed(page, "results", "HubSpot", f"List {target.name!r}", _ADVICE)
            ]
            after = part_of(page.body, "paging", "next").get("after")
            if after is None:
                break
            query = {"limit": str(_PAGE), "after": str(after)}
        members: list[Member] = []
        for start in range(0, len(ids), _READ):
            answer = yield _read_request(ids[start : start + _READ])
            members += [
                Member(_md5(row), {})
                for row in listed(answer, "results", "HubSpot", f"List {target.name!r}", _ADVICE)
            ]
        return members


def _upsert(operation: Operation) -> dict[str, Any]:
    address = operation.identifiers["email"]
    # HubSpot takes every value as text; an empty one clears the property
    fields = {
        name: "" if value is None else str(value)
        for name, value in operation.payload.items()
        if name != "email"
    }
    properties = {"email": address, **fields}
    return {
        "id": address,
        "idProperty": "email",
        "objectWriteTraceId": operation.op_id,
        "properties": properties,
    }


def _read_request(ids: Sequence[str], operations: Sequence[Operation] = ()) -> Request:
    body = {
        "inputs": [{"id": record} for record in ids],
        "properties": ["email", "hs_email_optout"],
        "propertiesWithHistory": [],
    }
    if operations:
        body["idProperty"] = "email"
    return Request("POST", f"{_CONTACTS}/read", json=body, op_ids=op_ids(operations))


def _found(response: Response) -> dict[str, Mapping[str, Any]] | None:
    """Address → row of a batch read; None when the answer is none."""
    body = body_of(response)
    if not 200 <= response.status < 300 or not isinstance(body.get("results"), list):
        return None
    return {_address(row): row for row in rows_of(body, "results")}


def _is_out(row: Mapping[str, Any]) -> bool:
    return str(part_of(row, "properties").get("hs_email_optout")).lower() == "true"


def _address(row: Mapping[str, Any]) -> str:
    return str(part_of(row, "properties").get("email") or "").lower()


def _md5(row: Mapping[str, Any]) -> str:
    return hashlib.md5(_address(row).encode()).hexdigest()


def _written(body: Mapping[str, Any]) -> set[str]:
    """Trace ids and addresses of the records that were written."""
    rows = rows_of(body, "results")
    return {str(row.get("objectWriteTraceId")) for row in rows} | {_address(row) for row in rows}


def _failures(body: Mapping[str, Any]) -> dict[str, str]:
    """Trace id or address → HubSpot's words."""
    failures: dict[str, str] = {}
    for error in rows_of(body, "errors"):
        words = without_addresses(f"HubSpot: {error.get('message') or error.get('category') or 'refused'}")
        context = part_of(error, "context")
        for name in ("objectWriteTraceId", "ids", "id"):
            values = context.get(name) or []
            values = values if isinstance(values, list) else [values]
            failures |= {str(value).lower(): words for value in values}
    return failures


def _outcome(operation: Operation, done: set[str], failed: Mapping[str, str]) -> Outcome:
    names = (operation.op_id, operation.identifiers["email"])
    for name in names:
        if name in failed:
            return Outcome(operation.op_id, Status.REJECTED, failed[name])
    if any(name in done for name in names):
        return Outcome(operation.op_id, Status.ACCEPTED)
    return Outcome(operation.op_id, Status.UNKNOWN, "HubSpot's answer does not mention it")


def _membership(operation: Operation, missing: set[str]) -> Outcome:
    if operation.record_id not in missing or operation.action is Action.REMOVE:
        return Outcome(operation.op_id, Status.ACCEPTED)
    return Outcome(operation.op_id, Status.REJECTED, "HubSpot: there is no such contact", is_permanent=False)


def _words(response: Response) -> str:
    return without_addresses(explanation(response) or "no explanation given")


def _unknown_property(body: Mapping[str, Any]) -> str:
    words = without_addresses(str(body.get("message") or ""))
    return f"HubSpot does not know one of the fields; create it there or take it out of the sync ({words})"[
        :300
    ]
