"""How the doubles misbehave: the answers of a tool that is busy, broken, slow, or cut off.

Which request is hit, and how often, is stored with the fault; a fault kind not named here is a mistake of the test.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from sandbox.doubles.tool import Tool

Handler = Callable[[Request], Awaitable[Response]]
KINDS = (
    "rate_limited",  # 429, with Retry-After when `retry_after` is given
    "overloaded",  # 403 without a body, as an overloaded Mailchimp answers
    "server_error",  # 500 before anything was done
    "error_after_commit",  # 500 after everything was done
    "drop_after_commit",  # connection cut after everything was done
    "slow_after_commit",  # does everything, answers after `seconds`
    "slow",  # answers after `seconds`
    "nothing_processed",  # 200 that mentions no record; nothing was done
    "token_expired",  # 401 / Graph error 190
    "audience_too_small",  # the change is refused because too few people would be left
    # what only the tool itself can do wrong (`is_hit` in its file)
    "partial",  # the first record of the request is refused, the others are taken
    "job_slow",  # a job is still being worked off when it is asked about
    "job_failed",  # the request is taken, and its job fails afterwards
    "not_yet_visible",  # a lookup does not show what was written a moment ago
)
_BY_THE_TOOL = ("partial", "job_slow", "job_failed", "not_yet_visible")


class Dropped(Exception):
    """Raised inside an answer so that the server cuts the connection."""


async def misbehave(fault: dict[str, Any], request: Request, handler: Handler, tool: Tool) -> Response:
    """The answer of a request hit by a fault."""
    kind = fault["kind"]
    if kind == "slow":
        await asyncio.sleep(fault["seconds"])
        return await handler(request)
    if kind == "slow_after_commit":
        response = await handler(request)
        await asyncio.sleep(fault["seconds"])
        return response
    if kind in ("error_after_commit", "drop_after_commit"):
        await handler(request)
        return _cut() if kind == "drop_after_commit" else _failed()
    if kind == "rate_limited":
        headers = {} if fault["retry_after"] is None else {"Retry-After": f"{fault['retry_after']:g}"}
        return JSONResponse({"title": "Too Many Requests", "status": 429}, 429, headers)
    if kind == "overloaded":
        return Response(status_code=403)
    if kind == "nothing_processed":
        return JSONResponse({})
    if kind == "token_expired":
        return tool.unauthorised()
    if kind == "audience_too_small":
        return tool.problem(400, "The audience would be too small: at least 100 people are needed.")
    if kind in _BY_THE_TOOL:
        request.state.fault = fault
        return await handler(request)
    return _failed()


def _failed() -> Response:
    return JSONResponse({"title": "Internal Server Error", "status": 500}, 500)


def _cut() -> Response:
    async def half() -> AsyncIterator[bytes]:
        yield b"{"
        raise Dropped

    return StreamingResponse(half(), headers={"Content-Length": "100"}, media_type="application/json")
