"""What every pretend tool has in common: a name, an account, a way to refuse, endpoints, and something to show.

How one tool answers is in that tool's file; that all are served together is `app.py`'s.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.doubles.store import Store


@dataclass(frozen=True, slots=True)
class Holding:
    """One thing that a tool keeps and people want to look at: a list, an audience, a set of contacts."""

    kind: str
    name: str
    people: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


class Tool:
    """A pretend tool over a store. `schema` makes its tables; `secret` is what its caller must know."""

    name: ClassVar[str]
    title: ClassVar[str]
    schema: ClassVar[str] = ""
    secret: ClassVar[str] = "sandbox-token"

    def __init__(self, store: Store) -> None:
        self.store = store
        store.connection.executescript(self.schema)

    def routes(self) -> list[Route]:
        raise NotImplementedError

    @classmethod
    def environment(cls, url: str) -> dict[str, str]:
        """The settings that point software at it; `url` is where it is mounted."""
        raise NotImplementedError

    def holdings(self) -> Iterable[Holding]:
        """Everything it keeps, for people to look at."""
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """The same by name, for tests: kind → name → people."""
        shown: dict[str, Any] = {}
        for holding in self.holdings():
            shown.setdefault(holding.kind, {})[holding.name] = list(holding.people)
        return shown

    def is_authentic(self, request: Request) -> bool:
        """A bearer token, unless the tool wants something else."""
        return request.headers.get("authorization", "") == f"Bearer {self.secret}"

    def problem(self, status: int, words: str) -> Response:
        """A refusal as this tool words it."""
        return JSONResponse({"status": "error", "message": words}, status)

    def unauthorised(self) -> Response:
        return self.problem(401, "The key or token is not valid, or no longer.")


def is_basic(request: Request, secret: str) -> bool:
    """Whether a request is signed in with HTTP basic authentication and this password."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        return scheme == "Basic" and base64.b64decode(given).decode().partition(":")[2] == secret
    except ValueError:
        return False


def is_hit(request: Request, kind: str) -> bool:
    """Whether this request is to go wrong in a way that only the tool itself knows how to (see `faults.py`)."""
    fault = getattr(request.state, "fault", None)
    return fault is not None and bool(fault["kind"] == kind)
