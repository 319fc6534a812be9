"""Klaviyo's lists and what can be read there: finding people by address, who is in a list, and who unsubscribed.

What is written, and what Klaviyo answers to it, is `klaviyo.py`'s.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from reverse_etl.contract import (
    Member,
    Operation,
    OptOut,
    Request,
    Response,
    Target,
)
from reverse_etl.destinations.answers import body_of, part_of, rows_of
from reverse_etl.destinations.lookups import addresses, in_groups, op_ids
from reverse_etl.destinations.targets import found, listed
from reverse_etl.destinations.unread import PlainHttp

REVISION = "2026-07-15"
MOST_LISTED = 100  # the largest page of profiles
_ADVICE = "Check CDP_KLAVIYO_API_KEY and its scopes (lists and profiles, read and write)"
_SUPPRESSED_AT = "subscriptions.email.marketing.suppression.timestamp"
# why Klaviyo mails somebody no more, as far as it is a wish: an address that bounces is none
_WISHES = {
    "UNSUBSCRIBE": "unsubscribed at Klaviyo",
    "SPAM_COMPLAINT": "reported a mail as spam at Klaviyo",
    "USER_SUPPRESSED": "was suppressed by hand at Klaviyo",
}


class Lists(PlainHttp):
    """What both objects share: the list as target, looking people up, reading the list back."""

    opt_out_account = "klaviyo"

    def open_target(
        self, name: str, _account_id: str, _fields: Sequence[str], /
    ) -> Generator[Request, Response, str]:
        """Finds the list by its name, or creates it empty (single opt-in says nothing about consent here)."""
        answer = yield call("GET", "/api/lists", query={"filter": f"equals(name,{json.dumps(name)})"})
        for row in listed(answer, "data", "Klaviyo", f"List {name!r}", _ADVICE):
            if row.get("id"):
                return str(row["id"])
        body = {"data": {"type": "list", "attributes": {"name": name}}}
        created = yield call("POST", "/api/lists", body)
        return str(found(created, "data.id", "Klaviyo", f"List {name!r}", _ADVICE))

    def inspect(self, operations: Sequence[Operation], _target: Target, /) -> list[Request]:
        return [
            call(
                "GET",
                "/api/profiles",
                query={
                    "filter": _any_of(addresses(group)),
                    "additional-fields[profile]": "subscriptions",
                    "page[size]": str(MOST_LISTED),
                },
                op_ids=op_ids(group),
            )
            for group in in_groups(operations, MOST_LISTED)
        ]

    def read_opt_outs(self, since: datetime | None, /) -> Generator[Request, Response, list[OptOut]]:
        """Every page of profiles that were suppressed since then, whatever list they are in."""
        moment = (since or datetime(1970, 1, 1)).replace(tzinfo=UTC).isoformat()
        query = {
            "filter": f"greater-than({_SUPPRESSED_AT},{moment})",
            "additional-fields[profile]": "subscriptions",
            "page[size]": str(MOST_LISTED),
        }
        told: list[OptOut] = []
        while True:
            page = yield call("GET", "/api/profiles", query=query)
            for row in listed(page, "data", "Klaviyo", "The list of who unsubscribed", _ADVICE):
                told += _opt_outs(row)
            cursor = next_cursor(page)
            if cursor is None:
                return told
            query = {**query, "page[cursor]": cursor}

    def read_members(self, target: Target, /) -> Generator[Request, Response, list[Member]]:
        """Every page of the list's profiles."""
        members: list[Member] = []
        query = {"page[size]": str(MOST_LISTED)}
        while True:
            page = yield call("GET", f"/api/lists/{target.remote}/profiles", query=query)
            rows = listed(page, "data", "Klaviyo", f"List {target.name!r}", _ADVICE)
            members += [Member(hashlib.md5(_email(row).encode()).hexdigest(), {}) for row in rows]
            cursor = next_cursor(page)
            if cursor is None:
                return members
            query = {**query, "page[cursor]": cursor}


def call(
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    query: Mapping[str, str] | None = None,
    op_ids: tuple[str, ...] = (),
) -> Request:
    headers = {"revision": REVISION, "Accept": "application/vnd.api+json"}
    if body is not None:
        headers["Content-Type"] = "application/vnd.api+json"
    return Request(method, path, json=body, query=query or {}, headers=headers, op_ids=op_ids)


def _any_of(addresses: Sequence[str]) -> str:
    return f"any(email,{json.dumps(list(addresses), ensure_ascii=False)})"


def found_people(response: Response) -> dict[str, Mapping[str, Any]] | None:
    """Address → profile of a lookup; None when the answer is none."""
    body = body_of(response)
    if response.status != 200 or not isinstance(body.get("data"), list):
        return None
    return {_email(row): row for row in rows_of(body, "data")}


def is_out(row: Mapping[str, Any]) -> bool:
    """Whether a profile unsubscribed, or is suppressed for whatever reason."""
    marketing = part_of(row, "attributes", "subscriptions", "email", "marketing")
    return bool(marketing.get("suppression")) or marketing.get("consent") == "UNSUBSCRIBED"


def _opt_outs(row: Mapping[str, Any]) -> list[OptOut]:
    marketing = part_of(row, "attributes", "subscriptions", "email", "marketing")
    return [
        OptOut("email", _email(row), _moment(one.get("timestamp")), _WISHES[str(one.get("reason"))])
        for one in rows_of(marketing, "suppression")
        if one.get("reason") in _WISHES and _email(row)
    ]


def _moment(text: object) -> datetime | None:
    """A point in time as Klaviyo writes it, as naive UTC; None where it is none."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def next_cursor(page: Response) -> str | None:
    following = part_of(body_of(page), "links").get("next")
    return parse_qs(urlsplit(str(following)).query).get("page[cursor]", [None])[0] if following else None


def _email(row: Mapping[str, Any]) -> str:
    return str(part_of(row, "attributes").get("email") or "").lower()
