"""Google Data Manager API v1: people by hashed identifiers, added to and removed from a customer list of Google Ads.

Only people whose consent the gate has seen are sent, so a request says that consent was given. Google answers with a
request id, and later with counts.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from reverse_etl.contract import (
    Acknowledgement,
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
    handed_over,
    nothing_processed,
    part_of,
    refused,
    rows_of,
    without_addresses,
)
from reverse_etl.destinations.targets import explanation, found, listed
from reverse_etl.destinations.unread import Unread
from reverse_etl.normalisers import (
    e164,
    google_email,
    google_family_name,
    google_given_name,
    google_postcode,
    google_region,
    hashed,
)

_EMAIL, _PHONE = hashed(google_email), hashed(e164)
_ADDRESS = ("givenName", "familyName", "regionCode", "postalCode")  # Google takes all four or none
_CONSENT = {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"}
_ADVICE = "Check CDP_GOOGLE_CUSTOMER_ID and the rights of the account behind the token (scope datamanager)"

AUDIENCE_SPEC = DestinationSpec(
    destination="google",
    object="user_list",
    channels=("ads",),
    match_keys=(MatchKey("emailAddress", "email", _EMAIL), MatchKey("phoneNumber", "phone", _PHONE)),
    rules={
        "email": (("emailAddress", _EMAIL),),
        "phone": (("phoneNumber", _PHONE),),
        "first_name": (("givenName", hashed(google_given_name)),),
        "last_name": (("familyName", hashed(google_family_name)),),
        "country": (("regionCode", google_region),),
        "postcode": (("postalCode", google_postcode),),
    },
    norm_version="google-1",
    batch=10_000,
    wave=10_000,
    requests_per_second=4.5,  # 300 a minute per project, a tenth left for other software
    burst=20,
    minimum_size=100,
    acknowledgement=Acknowledgement.JOB,
    forbidden_paths=(":removeAll",),
)


class UserList(Unread):
    """People in one customer list. A person is the first usable match key: e-mail, else phone."""

    spec = AUDIENCE_SPEC

    def classify(self, response: Response) -> Verdict:
        """As plain HTTP says; what Google calls RESOURCE_EXHAUSTED means to slow down whatever its code."""
        if part_of(body_of(response), "error").get("status") == "RESOURCE_EXHAUSTED":
            return Verdict.SLOW_DOWN
        return classify_by_status(response)

    def open_target(
        self, name: str, account_id: str, _fields: Sequence[str], /
    ) -> Generator[Request, Response, str]:
        """Finds the customer list by its name in the Ads account, or creates it empty."""
        path = f"/v1/accountTypes/GOOGLE_ADS/accounts/{account_id}/userLists"
        answer = yield Request("GET", path, query={"filter": f"display_name = {json.dumps(name)}"})
        # a list there are none of is left out of the answer
        rows = listed(answer, "userLists", "Google", "", "") if _has_lists(answer) else []
        for row in rows:
            if row.get("displayName") == name and row.get("id"):
                return str(row["id"])
        created = yield Request("POST", path, json=_new_list(name))
        return str(found(created, "id", "Google", f"Customer list {name!r}", _ADVICE))

    def encode(self, operations: Sequence[Operation], target: Target, /) -> list[Request]:
        # in the order of their ids, which is known again when Google names rows by number days later
        ordered = _ordered(operations)
        removes = ordered[0].action is Action.REMOVE
        members = [_member(op.identifiers if removes else op.payload) for op in ordered]
        body: dict[str, Any] = {
            "destinations": [_destination(target)],
            "audienceMembers": members,
            "encoding": "HEX",
        }
        if not removes:
            body |= {
                "consent": _CONSENT,
                "termsOfService": {"customerMatchTermsOfServiceStatus": "ACCEPTED"},
            }
        op_ids = tuple(operation.op_id for operation in ordered)
        path = f"/v1/audienceMembers:{'remove' if removes else 'ingest'}"
        return [Request("POST", path, json=body, op_ids=op_ids)]

    def decode(
        self, _request: Request, response: Response, operations: Sequence[Operation], /
    ) -> list[Outcome]:
        if not 200 <= response.status < 300:
            words = without_addresses(explanation(response) or "no explanation given")
            return refused(operations, f"Google refused it ({response.status}): {words}")
        number = body_of(response).get("requestId")
        if not number:
            return nothing_processed(operations)
        return handed_over(operations, str(number))

    def poll(
        self, job: str, operations: Sequence[Operation], _target: Target, /
    ) -> Generator[Request, Response, list[Outcome]]:
        """What became of one request; rows that Google names by number are refused, the rest of a part accepted."""
        answer = yield Request("GET", "/v1/requestStatus:retrieve", query={"requestId": job})
        states = answer.body.get("requestStatusPerDestination") if isinstance(answer.body, Mapping) else None
        state = states[0] if isinstance(states, list) and len(states) == 1 else {}
        status = state.get("requestStatus")
        if status == "PROCESSING":
            return handed_over(operations, job)
        if status == "SUCCESS":
            return for_all(operations, Status.ACCEPTED)
        counts = rows_of(part_of(state, "errorInfo"), "errorCounts")
        if status == "FAILED":
            return for_all(operations, Status.REJECTED, _reasons(counts), is_permanent=False)
        if status == "PARTIAL_SUCCESS":
            return _partly(operations, counts)
        return for_all(operations, Status.UNKNOWN, "Google does not say what became of the request")


def _ordered(operations: Sequence[Operation]) -> list[Operation]:
    return sorted(operations, key=lambda operation: operation.op_id)


def _has_lists(answer: Response) -> bool:
    found(Response(answer.status, {"ok": True}), "ok", "Google", "The Ads account", _ADVICE)
    return "userLists" in body_of(answer)


def _new_list(name: str) -> dict[str, Any]:
    return {
        "displayName": name,
        "membershipStatus": "OPEN",
        "ingestedUserListInfo": {
            "uploadKeyTypes": ["CONTACT_ID"],
            "contactIdInfo": {"dataSourceType": "DATA_SOURCE_TYPE_FIRST_PARTY"},
        },
    }


def _destination(target: Target) -> dict[str, Any]:
    account = {"accountType": "GOOGLE_ADS", "accountId": target.account_id}
    return {"operatingAccount": account, "productDestinationId": target.remote}


def _member(values: Mapping[str, Any]) -> dict[str, Any]:
    identifiers: list[dict[str, Any]] = [
        {name: values[name]} for name in ("emailAddress", "phoneNumber") if values.get(name)
    ]
    if all(values.get(name) for name in _ADDRESS):
        identifiers.append({"address": {name: values[name] for name in _ADDRESS}})
    return {"userData": {"userIdentifiers": identifiers}}


def _partly(operations: Sequence[Operation], counts: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    ordered = _ordered(operations)
    named = {int(place): _reason(count) for count in counts for place in count.get("recordIndices") or []}
    total = sum(int(count.get("recordCount") or 0) for count in counts)
    if not named or len(named) != total or not set(named) <= set(range(len(ordered))):
        reason = f"Google refused {total} of {len(ordered)} ({_reasons(counts)}) and did not say which"
        return for_all(ordered, Status.UNKNOWN, reason)
    return [
        Outcome(operation.op_id, Status.REJECTED, named[place])
        if place in named
        else Outcome(operation.op_id, Status.ACCEPTED)
        for place, operation in enumerate(ordered)
    ]


def _reason(count: Mapping[str, Any]) -> str:
    words = str(count.get("reason", "")).removeprefix("PROCESSING_ERROR_REASON_").replace("_", " ").lower()
    return f"Google: {words or 'refused'}"


def _reasons(counts: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(sorted({_reason(count) for count in counts})) or "Google: refused without a reason"
