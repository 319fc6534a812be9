"""How to ask an API or a database for its rows: addresses, sign-in, pages, cursors and limits.

Plain data; asking is done by the connectors. Secrets are named here, never written: the environment holds them.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, model_validator

from ingestion.declarations.columns import Declaration, EnvironmentName


class Auth(Declaration):
    """How requests are signed in; `secret`, `user` and `client_secret` name environment variables.

    `basic` sends user and secret (a vendor that ignores the user needs none), `header` and `query` send the secret under
    `name`, after `prefix`. `oauth2_refresh` trades the refresh token in `secret` for access tokens at `token_url`, as
    the client in `user` and `client_secret` (RFC 6749, section 6).
    """

    kind: Literal["none", "bearer", "header", "query", "basic", "oauth2_refresh"] = "none"
    secret: EnvironmentName | None = None
    user: EnvironmentName | None = None
    name: str | None = None
    prefix: str = ""
    token_url: str | None = None
    client_secret: EnvironmentName | None = None

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Auth:
        needs = {
            "none": [],
            "header": ["secret", "name"],
            "query": ["secret", "name"],
            "oauth2_refresh": ["secret", "token_url", "user", "client_secret"],
        }
        for name in needs.get(self.kind, ["secret"]):
            if getattr(self, name) is None:
                raise ValueError(f"`kind: {self.kind}` needs `{name}`")
        return self


class Answer(Declaration):
    """An answer known by its status and, where `path` is given, by one of `values` (or anything) there in its body."""

    status: int
    path: str | None = None
    values: tuple[int | str, ...] = ()


class Pagination(Declaration):
    """How the next page is found; the names are those of the vendor's own parameters and response fields.

    `parameter` carries the position (in the body of a POST): a cursor found at `path` of the answer, the `path` of the
    last record (`last_id`), a page number or an offset. For `next_url`, `path` holds the whole address. `more` is the
    path of a flag that is true while there are pages, `end` of one that is true on the last; without either, a page
    without a position, or an empty one, is the last. `total_header` tells the number of pages, `count_header` or
    `count` the number of records. With `keep`, the last cursor of a pull is where the next pull begins. A vendor that
    pages no further than `most` records is asked anew from the newest change seen: its records must come in the order
    of the table's cursor.
    """

    kind: Literal["single", "link_header", "next_url", "cursor", "last_id", "page_number", "offset"]
    parameter: str | None = None
    path: str | None = None
    more: str | None = None
    end: str | None = None
    total_header: str | None = None
    count_header: str | None = None
    count: str | None = None
    size_parameter: str | None = None
    size: int | None = Field(default=None, gt=0)
    first: int = 1
    keep: bool = False
    most: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Pagination:
        needs = {
            "next_url": ["path"],
            "cursor": ["parameter", "path"],
            "last_id": ["parameter", "path"],
            "page_number": ["parameter"],
            "offset": ["parameter"],
        }
        for name in needs.get(self.kind, []):
            if getattr(self, name) is None:
                raise ValueError(f"`kind: {self.kind}` needs `{name}`")
        if self.keep and self.kind != "cursor":
            raise ValueError("`keep` goes with `kind: cursor` only")
        return self


class Since(Declaration):
    """What `{since}` stands for in path, params and body: the newest value of the table's cursor, less `overlap_hours`.

    Changes become visible late in most APIs, and figures of past days still change; what is asked for again and did
    not change is not stored again. In the first pull it is `first`, an ISO date; without one, params that hold
    `{since}` are left out. `{until}` is the time of the pull, in the same `format`.
    """

    format: Literal["iso", "date", "seconds", "milliseconds"] = "iso"
    first: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    overlap_hours: float = Field(default=0.1, ge=0)


class Endpoint(Declaration):
    """One resource of an API: where it is, what to send, where in the answer the records are.

    `lift` moves what stands inside an object of a record to the record itself, under a prefix: with
    `{attributes: ""}`, `attributes.email` becomes `email`. Vendors that leave `records` out of an empty page need
    `may_lack_records`; from all others an answer without it is an error, never an empty page.
    """

    path: str
    method: Literal["GET", "POST"] = "GET"
    params: dict[str, Any] = Field(default_factory=dict)
    body: dict[str, Any] | None = None
    records: str = ""
    may_lack_records: bool = False
    lift: dict[str, str] = Field(default_factory=dict)
    pagination: Pagination | None = None
    since: Since = Since()

    @model_validator(mode="after")
    def _since_is_known_where_it_cannot_be_left_out(self) -> Endpoint:
        if self.since.first is None and "{since}" in f"{self.path} {self.body}":
            raise ValueError("`{since}` in `path` or `body` needs `since: {first: …}` for the first pull")
        return self


class Api(Declaration):
    """An HTTP API. Texts may hold `{CDP_…}` names, filled from the environment; a header or param with `{CDP_…?}` is
    left out while that variable is not set.

    `throttled` are answers that mean "later" besides status 429, `expired` those that mean a cursor is no longer known
    besides 410.
    """

    base_url: str
    auth: Auth = Auth()
    headers: dict[str, str] = Field(default_factory=dict)
    pagination: Pagination = Pagination(kind="single")
    requests_per_second: float | None = Field(default=None, gt=0)
    throttled: tuple[Answer, ...] = ()
    expired: tuple[Answer, ...] = ()


class Database(Declaration):
    """A database reached with SQLAlchemy; `url` names the environment variable that holds its address.

    Changed rows are those whose cursor is at or after the newest one seen, less `overlap_minutes`: a transaction may
    commit later than the time it wrote.
    """

    url: EnvironmentName
    db_schema: str | None = Field(default=None, alias="schema")
    overlap_minutes: float = Field(default=10, ge=0)


def find_environment_names(part: Declaration) -> set[str]:
    """Every environment variable that a part of a declaration needs: named by a field, or as `{CDP_…}` in a text."""
    text = part.model_dump_json()
    return set(re.findall(r"\{(CDP_[A-Z0-9_]+)\}", text)) | set(re.findall(r'"(CDP_[A-Z0-9_]+)"', text))
