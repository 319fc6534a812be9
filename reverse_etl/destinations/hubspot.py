"""HubSpot CRM v3: contacts by e-mail address; who is in which list is `hubspot_lists.py`.

Opt-outs are HubSpot's own (`hs_email_optout`): they are read before writing and never written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reverse_etl.contract import (
    Action,
    DestinationSpec,
    MatchKey,
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
from reverse_etl.destinations.targets import explanation
from reverse_etl.destinations.unread import OneSetPerAccount, PlainHttp
from reverse_etl.normalisers import digest, email, text

_CONTACTS = "/crm/v3/objects/contacts/batch"
READ = 100  # inputs of any batch call (developers' guide; not in the specification)
# what only people or forms may decide: whether somebody wants mail, and on which legal ground
NEVER = frozenset({"hs_email_optout", "hs_legal_basis", "hs_marketable_status"})

CONTACT_SPEC = DestinationSpec(
    destination="hubspot",
    object="contact",
    channels=("email", "sms"),
    match_keys=(MatchKey("email", "email", email),),
    rules={"email": (("email", email),)},
    other=text,
    remote_id=digest,
    norm_version="hubspot-1",
    batch=READ,
    wave=1000,
    requests_per_second=9.0,  # 100 in ten seconds for a free account, a tenth left for other software
    burst=20,
    inspects=True,
    lag_hours=1.0,
    forbidden_fields=NEVER,
)


class Contacts(OneSetPerAccount, PlainHttp):
    """Contacts: upsert by address, removal by archiving (HubSpot keeps archived contacts for 90 days).

    Properties of one's own are made in HubSpot.
    """

    spec = CONTACT_SPEC

    def inspect(self, operations: Sequence[Operation], _target: Target, /) -> list[Request]:
        return [read_request(addresses(group), group) for group in in_groups(operations, READ)]

    def read_presence(self, response: Response, operations: Sequence[Operation], /) -> Mapping[str, Sighting]:
        rows = found_rows(response)
        # archiving somebody who unsubscribed would hide that
        return (
            {}
            if rows is None
            else sightings(operations, rows, there=Presence.PRESENT, is_out=is_out, leaving_hides=True)
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
            return refused(operations, f"HubSpot refused it ({response.status}): {words(response)}")
        done, failed = _written(body), _failures(body)
        if not done and not failed:
            return nothing_processed(operations)
        return [_outcome(operation, done, failed) for operation in operations]


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


def read_request(ids: Sequence[str], operations: Sequence[Operation] = ()) -> Request:
    """Asks for contacts by record id, or by the address of operations."""
    body = {
        "inputs": [{"id": record} for record in ids],
        "properties": ["email", "hs_email_optout"],
        "propertiesWithHistory": [],
    }
    if operations:
        body["idProperty"] = "email"
    return Request("POST", f"{_CONTACTS}/read", json=body, op_ids=op_ids(operations))


def found_rows(response: Response) -> dict[str, Mapping[str, Any]] | None:
    """Address → row of a batch read; None when the answer is none."""
    body = body_of(response)
    if not 200 <= response.status < 300 or not isinstance(body.get("results"), list):
        return None
    return {address(row): row for row in rows_of(body, "results")}


def is_out(row: Mapping[str, Any]) -> bool:
    """Whether somebody wants no mail from this account."""
    return str(part_of(row, "properties").get("hs_email_optout")).lower() == "true"


def address(row: Mapping[str, Any]) -> str:
    """The e-mail address of a row of a batch read."""
    return str(part_of(row, "properties").get("email") or "").lower()


def _written(body: Mapping[str, Any]) -> set[str]:
    """Trace ids and addresses of the records that were written."""
    rows = rows_of(body, "results")
    return {str(row.get("objectWriteTraceId")) for row in rows} | {address(row) for row in rows}


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


def words(response: Response) -> str:
    """What HubSpot says about a refusal, without addresses."""
    return without_addresses(explanation(response) or "no explanation given")


def _unknown_property(body: Mapping[str, Any]) -> str:
    words = without_addresses(str(body.get("message") or ""))
    return f"HubSpot does not know one of the fields; create it there or take it out of the sync ({words})"[
        :300
    ]
