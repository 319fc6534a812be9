"""The doubles inside the calling process: an HTTP transport that hands each request to the application, without sockets.

What they answer is decided in `app.py`; time-outs need the real server of `server.py`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sandbox.doubles.app import build_app
from sandbox.doubles.faults import Dropped
from sandbox.doubles.mailchimp import LIST_ID
from sandbox.doubles.seed import seed_mailchimp
from sandbox.doubles.server import STATE_FILE, Doubles
from sandbox.doubles.store import Store


class InProcess(httpx.BaseTransport):
    """A transport for `httpx.Client`; requests of several threads are answered one after the other."""

    def __init__(self, store: Store) -> None:
        self._app = build_app(store)
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The application's answer; raises httpx.RemoteProtocolError where the server would cut the connection."""
        messages: list[dict[str, Any]] = []
        body = request.read()
        with self._lock:
            try:
                self._loop.run_until_complete(self._answer(request, body, messages))
            except Dropped as error:
                raise httpx.RemoteProtocolError("the answer was cut off", request=request) from error
        content = b"".join(message.get("body", b"") for message in messages[1:])
        return httpx.Response(messages[0]["status"], headers=messages[0]["headers"], content=content)

    async def _answer(self, request: httpx.Request, body: bytes, messages: list[dict[str, Any]]) -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            messages.append(dict(message))

        await self._app(_scope(request), receive, send)

    def close(self) -> None:
        """A client closes its transport, but this one serves the next client too; see `stop`."""

    def stop(self) -> None:
        self._loop.close()


@dataclass(frozen=True, slots=True)
class MountedDoubles(Doubles):
    """Doubles that answer through `transport` only; their address is one that nobody can reach."""

    transport: InProcess


@contextmanager
def mount(state_dir: Path, mailchimp_exports: Path | None = None) -> Iterator[MountedDoubles]:
    """Doubles for the length of the block, with their state in `state_dir`, which other connections may read."""
    store = Store(state_dir / STATE_FILE)
    transport = InProcess(store)
    if mailchimp_exports:
        seed_mailchimp(store, LIST_ID, mailchimp_exports)
    try:
        yield MountedDoubles("http://doubles.invalid", state_dir / STATE_FILE, transport)
    finally:
        transport.stop()
        store.close()


def _scope(request: httpx.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.url.path,
        "raw_path": request.url.raw_path.partition(b"?")[0],
        "query_string": request.url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 1),
        "server": ("doubles.invalid", 80),
    }
