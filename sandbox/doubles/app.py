"""The one web application of all doubles: authentication, request log, faults, and reading what they hold.

Each tool's own endpoints are in its file, mounted under its name.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from sandbox.doubles import faults
from sandbox.doubles.customerio import CustomerIo
from sandbox.doubles.google import Google
from sandbox.doubles.hubspot import HubSpot
from sandbox.doubles.klaviyo import Klaviyo
from sandbox.doubles.mailchimp import Mailchimp
from sandbox.doubles.meta import Meta
from sandbox.doubles.page import draw_page
from sandbox.doubles.sendgrid import SendGrid
from sandbox.doubles.state import read_state
from sandbox.doubles.store import Store
from sandbox.doubles.tool import Tool
from sandbox.doubles.webhook import Webhook

TOOLS: tuple[type[Tool], ...] = (Mailchimp, Klaviyo, HubSpot, SendGrid, CustomerIo, Meta, Google, Webhook)
Handler = Callable[[Request], Awaitable[Response]]


def build_app(store: Store) -> Starlette:
    """The application over a store: a page at /, each tool under its name, /_state, /_faults, /_requests."""
    tools = [tool(store) for tool in TOOLS]

    async def page(_: Request) -> Response:
        return HTMLResponse(draw_page(store, tools))

    async def state(_: Request) -> Response:
        return JSONResponse(read_state(store, tools))

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
            Route("/", page),
            Route("/_state", state),
            Route("/_requests", requests),
            Route("/_faults", add_fault, methods=["POST"]),
            *(Mount(f"/{tool.name}", routes=_guarded(tool, store)) for tool in tools),
        ]
    )


def environment_of(url: str) -> dict[str, str]:
    """The settings that point software at doubles served at this address."""
    return {name: value for tool in TOOLS for name, value in tool.environment(f"{url}/{tool.name}").items()}


def _guarded(tool: Tool, store: Store) -> list[Route]:
    return [
        Route(
            route.path,
            _guard(tool, route.endpoint, store),
            methods=sorted((route.methods or set()) - {"HEAD"}),
        )
        for route in tool.routes()
    ]


def _guard(tool: Tool, handler: Handler, store: Store) -> Handler:
    async def careful(request: Request) -> Response:
        try:
            return await handler(request)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            # something inside the body is missing or of another type than documented
            return tool.problem(400, f"The request is not as documented ({type(error).__name__}: {error}).")

    async def endpoint(request: Request) -> Response:
        body = await _body(request)
        fault = store.take_fault(tool.name, request.method, request.url.path)
        if body is _UNREADABLE:
            response = tool.problem(400, "We encountered an unspecified JSON parsing error.")
        elif not tool.is_authentic(request):
            response = tool.unauthorised()
        elif refusal := tool.wrong_headers(request):
            response = refusal
        elif words := _misshapen(tool, handler, request, body):
            response = tool.problem(400, words)
        elif fault:
            response = await faults.misbehave(fault, request, careful, tool)
        else:
            response = await careful(request)
        status = 0 if fault and fault["kind"] == "drop_after_commit" else response.status_code
        store.log_request(tool.name, request.method, request.url.path, body, status)
        return response

    return endpoint


def _misshapen(tool: Tool, handler: Handler, request: Request, body: object) -> str | None:
    """What is wrong with a body as a whole: not JSON, a field missing, a field that nobody documents."""
    shape = tool.bodies.get(handler.__name__)
    if shape is None:
        return None
    if "json" not in request.headers.get("content-type", ""):
        return "the body must be JSON, and say so"
    return shape.problem(body)


_UNREADABLE = object()


async def _body(request: Request) -> object:
    raw = await request.body()
    if not raw or "json" not in request.headers.get("content-type", "json"):
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return _UNREADABLE
