"""Serving the doubles on loopback, from a thread of a test or as a process of its own.

What they answer is decided in `app.py` and the files of the tools.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from sandbox.doubles.app import build_app, environment_of
from sandbox.doubles.mailchimp import LIST_ID
from sandbox.doubles.seed import seed_mailchimp
from sandbox.doubles.store import Store

STATE_FILE = "doubles.sqlite"
PORT_FILE = "port"


@dataclass(frozen=True, slots=True)
class Doubles:
    """Running doubles: where they are, and the settings that point software at them."""

    url: str
    state_path: Path

    @property
    def environment(self) -> dict[str, str]:
        """Addresses and credentials as environment variables."""
        return environment_of(self.url)


@contextmanager
def serve(state_dir: Path, port: int = 0, mailchimp_exports: Path | None = None) -> Iterator[Doubles]:
    """Doubles in a thread for the length of the block, with their state in `state_dir`; port 0 = any free one.

    `mailchimp_exports` is a folder of audience exports that an empty list is filled from.
    """
    store = Store(state_dir / STATE_FILE)
    app = build_app(store)
    if mailchimp_exports:
        seed_mailchimp(store, LIST_ID, mailchimp_exports)
    listener = _listen(port)
    (state_dir / PORT_FILE).write_text(str(listener.getsockname()[1]))
    server = uvicorn.Server(_config(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield Doubles(f"http://127.0.0.1:{listener.getsockname()[1]}", state_dir / STATE_FILE)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
        store.close()


def last_port(state_dir: Path) -> int:
    """The port that doubles with this state listened on last, 0 when there was none or somebody else has it now.

    A webhook has no account but its address: doubles that move are another target, where nobody was sent to yet.
    """
    try:
        port = int((state_dir / PORT_FILE).read_text())
        _listen(port).close()
    except (OSError, ValueError, OverflowError):
        return 0
    return port


def _listen(port: int) -> socket.socket:
    # bound and listening before the thread starts: whoever connects early waits instead of being refused
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener


def _config(app: Starlette) -> uvicorn.Config:
    # answers that are cut on purpose would fill the log with tracebacks
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    return uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
