"""Klaviyo (revision 2026-07-15): profiles imported into a list, and memberships of a list alone.

Lists are changed through their relationships only. Klaviyo's subscribe and unsubscribe jobs never are used: they lift
suppressions, or unsubscribe people from everything. What is read there is `klaviyo_lists.py`'s.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from reverse_etl.contract import (
    Acknowledgement,
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
    handed_over,
    nothing_processed,
    part_of,
    refused,
    rows_of,
    without_addresses,
)
from reverse_etl.destinations.batching import within_bytes
from reverse_etl.destinations.klaviyo_lists import MOST_LISTED, Lists, call, found_people, is_out, next_cursor
from reverse_etl.destinations.lookups import in_groups, op_ids, record_id, sightings
from reverse_etl.destinations.targets import explanation
from reverse_etl.normalisers import digest, e164, email, text

MOST_BYTES, MOST_BYTES_EACH = 5_000_000, 100_000  # of an import, and of one profile in it
MOST_MEMBERS = 1000  # ids a relationship call may carry
_ENVELOPE = 400
_ATTRIBUTES = ("email", "phone_number", "external_id", "first_name", "last_name", "organization", "locale")
_LOCATION = ("address1", "address2", "city", "country", "region", "zip")
_NEVER = frozenset({"subscriptions", "historical_import", "custom_source", "consent", "consented_at"})
_PATHS = ("subscription-bulk", "suppression-bulk")

PROFILE_SPEC = DestinationSpec(
    destination="klaviyo",
    object="profile",
    channels=("email", "sms"),
    match_keys=(MatchKey("email", "email", email),),
    rules={
        "email": (("email", email),),
        "phone_number": (("phone_number", e164),),
        **{name: ((name, text),) for name in (*_ATTRIBUTES[2:], *_LOCATION)},
    },
    other=text,
    remote_id=digest,
    norm_version="klaviyo-1",
    batch=10_000,
    wave=10_000,
    requests_per_second=2.5,  # 150 a minute for imports and lists
    burst=8,
    inspects=True,
    lag_hours=1.0,
    keeps_types=True,
    acknowledgement=Acknowledgement.JOB,
    forbidden_fields=_NEVER,
    forbidden_paths=_PATHS,
)
MEMBERSHIP_SPEC = DestinationSpec(
    destination="klaviyo",
    object="list_membership",
    channels=("email", "sms"),
    match_keys=PROFILE_SPEC.match_keys,
    rules={"email": (("email", email),)},
    remote_id=digest,
    norm_version="klaviyo-1",
    batch=MOST_MEMBERS,
    wave=MOST_MEMBERS,
    requests_per_second=2.5,
    burst=8,
    inspects=True,
    lag_hours=1.0,
    order=1,
    forbidden_fields=_NEVER,
    forbidden_paths=_PATHS,
)


class Profiles(Lists):
    """Profiles with their fields, imported into the list; who leaves goes out of the list, and the profile stays."""

    spec = PROFILE_SPEC

    def read_presence(self, response: Response, operations: Sequence[Operation], /) -> Mapping[str, Sighting]:
        rows = found_people(response)
        return {} if rows is None else sightings(operations, rows, is_out=is_out)

    def encode(self, operations: Sequence[Operation], target: Target, /) -> list[Request]:
        if operations[0].action is Action.REMOVE:
            return _relate("DELETE", operations, target)
        profiles = [_profile(operation) for operation in operations]
        return [
            call(
                "POST",
                "/api/profile-bulk-import-jobs",
                _import(profiles[run], target),
                op_ids=op_ids(operations[run]),
            )
            for run in within_bytes(profiles, MOST_BYTES, MOST_BYTES_EACH, _ENVELOPE)
        ]

    def decode(
        self, request: Request, response: Response, operations: Sequence[Operation], /
    ) -> list[Outcome]:
        if request.method == "DELETE":
            return _related(response, operations)
        if response.status != 202:
            return _refused(response, operations)
        job = part_of(body_of(response), "data").get("id")
        if not job:
            return nothing_processed(operations)
        return handed_over(operations, str(job))

    def poll(
        self, job: str, operations: Sequence[Operation], _target: Target, /
    ) -> Generator[Request, Response, list[Outcome]]:
        """The job's state, then its errors by the address each names; what cannot be told apart is unknown."""
        path = f"/api/profile-bulk-import-jobs/{job}"
        state = part_of(body_of((yield call("GET", path))), "data", "attributes")
        status = state.get("status")
        if status in ("queued", "processing"):
            return handed_over(operations, job)
        if status != "complete" or state.get("total_count") != len(operations):
            return for_all(operations, Status.UNKNOWN, f"Klaviyo's import ended as {status or 'not found'}")
        failed = int(state.get("failed_count") or 0)
        errors = (yield from _import_errors(path)) if failed else {}
        outcomes = [_imported(operation, errors) for operation in operations]
        if sum(outcome.status is Status.REJECTED for outcome in outcomes) != failed:
            reason = f"Klaviyo refused {failed} profiles of the import and did not say which"
            return [
                outcome
                if outcome.status is Status.REJECTED
                else Outcome(outcome.op_id, Status.UNKNOWN, reason)
                for outcome in outcomes
            ]
        return outcomes


class ListMemberships(Lists):
    """People who have a profile already, in and out of a list."""

    spec = MEMBERSHIP_SPEC

    def read_presence(self, response: Response, operations: Sequence[Operation], /) -> Mapping[str, Sighting]:
        rows = found_people(response)
        return {} if rows is None else sightings(operations, rows, not_there=Presence.STRANGER, is_out=is_out)

    def encode(self, operations: Sequence[Operation], target: Target, /) -> list[Request]:
        return _relate("DELETE" if operations[0].action is Action.REMOVE else "POST", operations, target)

    def decode(
        self, _request: Request, response: Response, operations: Sequence[Operation], /
    ) -> list[Outcome]:
        return _related(response, operations)


def _profile(operation: Operation) -> dict[str, Any]:
    values = {**operation.payload, "email": operation.identifiers["email"]}
    attributes = {name: values[name] for name in _ATTRIBUTES if name in values}
    location = {name: values[name] for name in _LOCATION if name in values}
    own = {name: value for name, value in values.items() if name not in (*_ATTRIBUTES, *_LOCATION)}
    if location:
        attributes["location"] = location
    if own:
        attributes["properties"] = own
    return {"type": "profile", "attributes": attributes}


def _import(profiles: Sequence[Mapping[str, Any]], target: Target) -> dict[str, Any]:
    return {
        "data": {
            "type": "profile-bulk-import-job",
            "attributes": {"profiles": {"data": list(profiles)}},
            "relationships": {"lists": {"data": [{"type": "list", "id": target.remote}]}},
        }
    }


def _relate(method: str, operations: Sequence[Operation], target: Target) -> list[Request]:
    return [
        call(
            method,
            f"/api/lists/{target.remote}/relationships/profiles",
            {"data": [{"type": "profile", "id": record_id(operation, "profile")} for operation in group]},
            op_ids=op_ids(group),
        )
        for group in in_groups(operations, MOST_MEMBERS)
    ]


def _related(response: Response, operations: Sequence[Operation]) -> list[Outcome]:
    if response.status == 204:
        return for_all(operations, Status.ACCEPTED)
    if 200 <= response.status < 300:
        return nothing_processed(operations)
    return _refused(response, operations)


def _refused(response: Response, operations: Sequence[Operation]) -> list[Outcome]:
    if 200 <= response.status < 300:
        return nothing_processed(operations)
    words = without_addresses(explanation(response) or "no explanation given")
    return refused(operations, f"Klaviyo refused it ({response.status}): {words}")


def _import_errors(path: str) -> Generator[Request, Response, dict[str, str]]:
    """Address → Klaviyo's words, from every page of a job's errors."""
    errors: dict[str, str] = {}
    query = {"page[size]": str(MOST_LISTED)}
    while True:
        page = yield call("GET", f"{path}/import-errors", query=query)
        for row in rows_of(body_of(page), "data"):
            attributes = part_of(row, "attributes")
            payload = part_of(attributes, "original_payload")
            address = payload.get("email") or part_of(payload, "attributes").get("email")
            words = attributes.get("detail") or attributes.get("title") or "refused"
            errors[str(address).lower()] = without_addresses(f"Klaviyo: {words}")
        cursor = next_cursor(page)
        if cursor is None:
            return errors
        query = {**query, "page[cursor]": cursor}


def _imported(operation: Operation, errors: Mapping[str, str]) -> Outcome:
    reason = errors.get(operation.identifiers["email"])
    return Outcome(operation.op_id, Status.REJECTED if reason else Status.ACCEPTED, reason)
