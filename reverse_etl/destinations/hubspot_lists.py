"""HubSpot's lists: memberships of those that are filled by hand (not by filters).

Contacts, and how they are looked up, are `hubspot.py`'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping, Sequence
from urllib.parse import quote

from reverse_etl.contract import (
    Action,
    DestinationSpec,
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
from reverse_etl.destinations.answers import body_of, nothing_processed, part_of, refused
from reverse_etl.destinations.hubspot import (
    CONTACT_SPEC,
    NEVER,
    READ,
    address,
    found_rows,
    is_out,
    read_request,
    words,
)
from reverse_etl.destinations.lookups import addresses, in_groups, op_ids, record_id, sightings
from reverse_etl.destinations.targets import found, listed
from reverse_etl.destinations.unread import PlainHttp
from reverse_etl.errors import TargetFailed
from reverse_etl.normalisers import digest

_LISTS = "/crm/v3/lists"
_CONTACT_TYPE = "0-1"  # HubSpot's id of the object type "contact"
_MEMBERSHIP_ANSWER = ("recordsIdsAdded", "recordIdsRemoved", "recordIdsMissing")
_PAGE = 250  # the most memberships HubSpot gives at once
_ADVICE = "Check CDP_HUBSPOT_ACCESS_TOKEN and its scopes (crm.objects.contacts, crm.lists)"

MEMBERSHIP_SPEC = DestinationSpec(
    destination="hubspot",
    object="list_membership",
    channels=("email", "sms"),
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
    forbidden_fields=NEVER,
)


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
        return [read_request(addresses(group), group) for group in in_groups(operations, READ)]

    def read_presence(self, response: Response, operations: Sequence[Operation], /) -> Mapping[str, Sighting]:
        rows = found_rows(response)
        return {} if rows is None else sightings(operations, rows, not_there=Presence.STRANGER, is_out=is_out)

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
            return refused(operations, f"HubSpot refused it ({response.status}): {words(response)}")
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
        for start in range(0, len(ids), READ):
            answer = yield read_request(ids[start : start + READ])
            members += [
                Member(hashlib.md5(address(row).encode()).hexdigest(), {})
                for row in listed(answer, "results", "HubSpot", f"List {target.name!r}", _ADVICE)
            ]
        return members


def _membership(operation: Operation, missing: set[str]) -> Outcome:
    if operation.record_id not in missing or operation.action is Action.REMOVE:
        return Outcome(operation.op_id, Status.ACCEPTED)
    return Outcome(operation.op_id, Status.REJECTED, "HubSpot: there is no such contact", is_permanent=False)
