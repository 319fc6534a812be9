"""SendGrid Marketing Campaigns v3: contacts upserted into a list; who leaves goes out of the list, and the contact stays.

SendGrid keeps opt-outs apart from contacts (suppressions) and obeys them itself; they are read in `sendgrid_opt_outs.py`
and never written.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from reverse_etl.contract import (
    Acknowledgement,
    Action,
    DestinationSpec,
    MatchKey,
    Operation,
    Outcome,
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
    without_addresses,
)
from reverse_etl.destinations.batching import within_bytes
from reverse_etl.destinations.lookups import addresses, in_groups, op_ids, record_id, sightings
from reverse_etl.destinations.sendgrid_opt_outs import TellsSuppressions
from reverse_etl.destinations.targets import explanation, found, listed
from reverse_etl.destinations.unread import PlainHttp
from reverse_etl.normalisers import digest, email, shortened, text

MOST_BYTES = 6_000_000  # of an upsert
_CONTACTS = "/v3/marketing/contacts"
_LISTS = "/v3/marketing/lists"
_MOST_LOOKED_UP = 100  # addresses of one search; also ids of one removal, which stand in the address line
_ADVICE = "Check CDP_SENDGRID_API_KEY and its right to Marketing"
_LONGEST = {
    "first_name": 50,
    "last_name": 50,
    "address_line_1": 100,
    "address_line_2": 100,
    "city": 60,
    "state_province_region": 50,
    "country": 50,
}

CONTACT_SPEC = DestinationSpec(
    destination="sendgrid",
    object="contact",
    channels=("email",),
    match_keys=(MatchKey("email", "email", email),),
    rules={
        "email": (("email", email),),
        "postal_code": (("postal_code", text),),
        **{name: ((name, shortened(length)),) for name, length in _LONGEST.items()},
    },
    remote_id=digest,
    norm_version="sendgrid-1",
    batch=30_000,
    wave=30_000,
    requests_per_second=1.5,  # three in two seconds on contacts
    burst=3,
    inspects=True,
    lag_hours=1.0,
    acknowledgement=Acknowledgement.JOB,
    forbidden_paths=("/asm/", "/suppression"),
)


class Contacts(TellsSuppressions, PlainHttp):
    """Contacts of one list; SendGrid works them off as jobs."""

    spec = CONTACT_SPEC

    def open_target(
        self, name: str, _account_id: str, _fields: Sequence[str], /
    ) -> Generator[Request, Response, str]:
        """Finds the list by its name, page by page, or creates it empty."""
        query = {"page_size": "1000"}
        while True:
            answer = yield Request("GET", _LISTS, query=query)
            for row in listed(answer, "result", "SendGrid", f"List {name!r}", _ADVICE):
                if row.get("name") == name and row.get("id"):
                    return str(row["id"])
            following = part_of(answer.body, "_metadata").get("next")
            token = parse_qs(urlsplit(str(following)).query).get("page_token") if following else None
            if not token:
                break
            query = {**query, "page_token": token[0]}
        created = yield Request("POST", _LISTS, json={"name": name})
        return str(found(created, "id", "SendGrid", f"List {name!r}", _ADVICE))

    def inspect(self, operations: Sequence[Operation], _target: Target, /) -> list[Request]:
        """Removing needs SendGrid's ids of contacts; adding needs nothing."""
        leavers = [operation for operation in operations if operation.action is Action.REMOVE]
        return [
            Request(
                "POST",
                f"{_CONTACTS}/search/emails",
                json={"emails": addresses(group)},
                op_ids=op_ids(group),
            )
            for group in in_groups(leavers, _MOST_LOOKED_UP)
        ]

    def read_presence(self, response: Response, operations: Sequence[Operation], /) -> Mapping[str, Sighting]:
        if response.status == 404:  # none of them is a contact
            return sightings(operations, {})
        result = body_of(response).get("result")
        if response.status != 200 or not isinstance(result, Mapping):
            return {}
        contacts = {address: part_of(result, address, "contact") for address in result}
        return sightings(operations, {address: row for address, row in contacts.items() if "id" in row})

    def encode(self, operations: Sequence[Operation], target: Target, /) -> list[Request]:
        if operations[0].action is Action.REMOVE:
            return _removals(operations, target)
        contacts = [_contact(operation) for operation in operations]
        envelope = len(f'{{"list_ids": ["{target.remote}"], "contacts": []}}')
        return [
            Request(
                "PUT",
                _CONTACTS,
                json={"list_ids": [target.remote], "contacts": contacts[run]},
                op_ids=op_ids(operations[run]),
            )
            for run in within_bytes(contacts, MOST_BYTES, MOST_BYTES, envelope)
        ]

    def decode(
        self, request: Request, response: Response, operations: Sequence[Operation], /
    ) -> list[Outcome]:
        if not 200 <= response.status < 300:
            words = without_addresses(explanation(response) or "no explanation given")
            return refused(operations, f"SendGrid refused it ({response.status}): {words}")
        job = body_of(response).get("job_id")
        if response.status != 202 or not job:
            return nothing_processed(operations)
        if request.method == "DELETE":
            return for_all(operations, Status.ACCEPTED)  # a removal's job cannot be asked about
        return handed_over(operations, str(job))

    def poll(
        self, job: str, operations: Sequence[Operation], _target: Target, /
    ) -> Generator[Request, Response, list[Outcome]]:
        """The job's state, then the file of its errors; what cannot be told apart is unknown."""
        answer = yield Request("GET", f"{_CONTACTS}/imports/{job}")
        body = body_of(answer)
        status, results = body.get("status"), part_of(body, "results")
        if status == "pending":
            return handed_over(operations, job)
        if status == "completed":
            return for_all(operations, Status.ACCEPTED)
        if status not in ("errored", "failed"):
            return for_all(
                operations, Status.UNKNOWN, f"SendGrid does not know its job any more ({answer.status})"
            )
        text_of_errors = ""
        if results.get("errors_url"):
            text_of_errors = (yield Request("GET", str(results["errors_url"]))).text or ""
        return _judged(operations, _complaints(text_of_errors), results, failed=status == "failed")


def _contact(operation: Operation) -> dict[str, Any]:
    # what has no value is left out: SendGrid keeps what it had, and refuses null
    fields = {name: value for name, value in operation.payload.items() if value is not None}
    return {**fields, "email": operation.identifiers["email"]}


def _removals(operations: Sequence[Operation], target: Target) -> list[Request]:
    return [
        Request(
            "DELETE",
            f"{_LISTS}/{target.remote}/contacts",
            query={"contact_ids": ",".join(record_id(operation, "contact") for operation in group)},
            op_ids=op_ids(group),
        )
        for group in in_groups(operations, _MOST_LOOKED_UP)
    ]


def _complaints(content: str) -> dict[str, str]:
    """Address → SendGrid's words, from the CSV of a job's errors: the cell with an address names the contact."""
    found_words = {}
    for row in csv.reader(io.StringIO(content)):
        address = next((cell.strip().lower() for cell in row if "@" in cell), None)
        if address:
            words = ", ".join(cell for cell in row if cell and "@" not in cell)
            found_words[address] = without_addresses(f"SendGrid: {words or 'refused'}")
    return found_words


def _judged(
    operations: Sequence[Operation],
    complaints: Mapping[str, str],
    results: Mapping[str, Any],
    *,
    failed: bool,
) -> list[Outcome]:
    count = int(results.get("errored_count") or 0)
    named = sum(operation.identifiers["email"] in complaints for operation in operations)
    others = (
        (Status.ACCEPTED, None)
        if named == count and not failed
        else (Status.UNKNOWN, f"SendGrid refused {count} contacts of the job and did not say which")
    )
    return [
        Outcome(operation.op_id, Status.REJECTED, complaints[address])
        if (address := operation.identifiers["email"]) in complaints
        else Outcome(operation.op_id, *others)
        for operation in operations
    ]
