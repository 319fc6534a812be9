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


@dataclass(frozen=True, slots=True)
class Body:
    """The fields of a JSON body that one endpoint documents, with their types: which it wants, and which it knows besides."""

    wanted: Mapping[str, type]
    known: Mapping[str, type] = field(default_factory=dict)

    def problem(self, body: object) -> str | None:
        """What is wrong with a body as a whole, or None."""
        if not isinstance(body, Mapping):
            return "a JSON object is expected"
        types = {**self.known, **self.wanted}
        missing, unknown = self.wanted.keys() - body.keys(), body.keys() - types.keys()
        if missing:
            return f"{', '.join(sorted(missing))} is required"
        if unknown:
            return f"unknown field: {', '.join(sorted(unknown))}"
        wrong = sorted(name for name, value in body.items() if not isinstance(value, types[name]))
        return f"{wrong[0]} is not of type {types[wrong[0]].__name__}" if wrong else None


class Tool:
    """A pretend tool over a store. `schema` makes its tables; `secret` is what its caller must know.

    `bodies` are by the name of the function that answers: every endpoint that takes a JSON body has one.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    schema: ClassVar[str] = ""
    secret: ClassVar[str] = "sandbox-token"
    bodies: ClassVar[Mapping[str, Body]] = {}

    def __init__(self, store: Store) -> None:
        self.store = store
        store.prepare(self.schema)

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

    def wrong_headers(self, request: Request) -> Response | None:  # noqa: ARG002
        """A refusal when what every call must say about itself is missing; most tools want nothing."""
        return None

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
