"""The one web application of all doubles: authentication, request log, faults, and reading what they hold.

Each tool's own endpoints are in its file, mounted under its name.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from sandbox.doubles import faults
from sandbox.doubles.mailchimp import Mailchimp, problem
from sandbox.doubles.meta import Meta, error
from sandbox.doubles.state import read_state
from sandbox.doubles.store import Store

MAILCHIMP_KEY = "sandbox-key-us1"
META_TOKEN = "sandbox-token"
Handler = Callable[[Request], Awaitable[Response]]


def build_app(store: Store) -> Starlette:
    """The application over a store: /mailchimp/3.0/…, /meta/v25.0/…, /_state, /_faults, /_requests."""

    async def state(_: Request) -> Response:
        return JSONResponse(read_state(store))

    async def requests(_: Request) -> Response:
        rows = store.rows("select * from requests order by id")
        return JSONResponse(
            [{**row, "body": json.loads(row["body"]) if row["body"] else None} for row in rows]
        )

    async def add_fault(request: Request) -> Response:
        fault: dict[str, Any] = {"tool": "any", "times": 1, **await request.json()}
        if fault.get("kind") not in faults.KINDS:
            return JSONResponse({"error": f"kind must be one of {', '.join(faults.KINDS)}"}, 400)
        store.add_fault(fault)
        return JSONResponse(fault)

    return Starlette(
        routes=[
            Route("/_state", state),
            Route("/_requests", requests),
            Route("/_faults", add_fault, methods=["POST"]),
            Mount("/mailchimp", routes=_guarded("mailchimp", Mailchimp(store).routes(), store)),
            Mount("/meta", routes=_guarded("meta", Meta(store).routes(), store)),
        ]
    )


def _guarded(tool: str, routes: list[Route], store: Store) -> list[Route]:
    return [
        Route(
            route.path,
            _guard(tool, route.endpoint, store),
            methods=sorted((route.methods or set()) - {"HEAD"}),
        )
        for route in routes
    ]


def _guard(tool: str, handler: Handler, store: Store) -> Handler:
    async def endpoint(request: Request) -> Response:
        body = await _body(request)
        fault = store.take_fault(tool, request.method, request.url.path)
        if body is _UNREADABLE:
            response: Response = problem(
                400, "JSON Parse Error", "We encountered an unspecified JSON parsing error."
            )
        elif not _is_authentic(tool, request):
            response = _unauthorised(tool)
        elif fault:
            response = await faults.misbehave(fault, request, handler, tool)
        else:
            response = await handler(request)
        status = 0 if fault and fault["kind"] == "drop_after_commit" else response.status_code
        store.log_request(tool, request.method, request.url.path, body, status)
        return response

    return endpoint


_UNREADABLE = object()


async def _body(request: Request) -> object:
    raw = await request.body()
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return _UNREADABLE


def _is_authentic(tool: str, request: Request) -> bool:
    given = request.headers.get("authorization", "")
    if tool == "meta":
        return given == f"Bearer {META_TOKEN}"
    scheme, _, secret = given.partition(" ")
    try:
        return scheme == "Basic" and base64.b64decode(secret).decode().partition(":")[2] == MAILCHIMP_KEY
    except ValueError:
        return False


def _unauthorised(tool: str) -> Response:
    if tool == "meta":
        return error(190, "Invalid OAuth access token.", 401)
    return problem(
        401,
        "API Key Invalid",
        "Your API key may be invalid, or you've attempted to access the wrong datacenter.",
    )
