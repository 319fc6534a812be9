"""How to ask an API or a database for its rows: addresses, sign-in, pages, cursors and limits.

Plain data; asking is done by the connectors. Secrets are named here, never written: the environment holds them.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ingestion.declarations.columns import Declaration, EnvironmentName


class Auth(Declaration):
    """How requests are signed in; `secret` and `user` name environment variables."""

    kind: Literal["none", "bearer", "header", "query", "basic", "oauth2_refresh"] = "none"
    secret: EnvironmentName | None = None
    user: EnvironmentName | None = None
    name: str | None = None
    prefix: str = ""
    token_url: str | None = None
    client_secret: EnvironmentName | None = None


class Pagination(Declaration):
    """How the next page is found; the names are those of the vendor's own parameters and response fields."""

    kind: Literal["single", "link_header", "next_url", "cursor", "page_number", "offset"]
    parameter: str | None = None
    path: str | None = None
    size_parameter: str | None = None
    size: int | None = Field(default=None, gt=0)
    first: int = 1


class Endpoint(Declaration):
    """One resource of an API: where it is, what to send, where in the answer the records are."""

    path: str
    method: Literal["GET", "POST"] = "GET"
    params: dict[str, Any] = Field(default_factory=dict)
    body: dict[str, Any] | None = None
    records: str = ""
    pagination: Pagination | None = None
    cursor_parameter: str | None = None


class Api(Declaration):
    """An HTTP API. `base_url` may hold `{CDP_…}` names, filled from the environment."""

    base_url: str
    auth: Auth = Auth()
    headers: dict[str, str] = Field(default_factory=dict)
    pagination: Pagination = Pagination(kind="single")
    requests_per_second: float | None = Field(default=None, gt=0)


class Database(Declaration):
    """A database reached with SQLAlchemy; `url` names the environment variable that holds its address."""

    url: EnvironmentName
    db_schema: str | None = Field(default=None, alias="schema")
