"""A real state file, a webhook receiver and a mail server on loopback, and a shop that something is wrong with."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from alerts import Condition, notify
from warehouse.connections import open_state
from warehouse.settings import Settings

sys.path.insert(0, str(Path(__file__).parent))  # for the test data beside

from wrong_things import NOW


class Receiver:
    """Takes webhook calls; `answers` are the next status codes, `hold` keeps every answer back until it is set."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.hold = threading.Event()
        self.hold.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.calls.append((dict(self.headers), body))
                receiver.hold.wait(20)
                with suppress(OSError):
                    self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                    self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                    self.end_headers()

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks/T0P-S3CRET"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def told(self) -> list[str]:
        return [json.loads(body)["headline"] for _, body in self.calls]

    def close(self) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


class Postbox:
    """Takes mail; `refuse` turns recipients away, `answer` is said to every mail, `drops` hangs up
    instead, `holds` waits with the answer."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.sign_ins: list[tuple[bytes, bytes]] = []
        self.refuse: set[str] = set()
        self.answer = "250 taken"
        self.drops = self.holds = False
        self.port = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(envelope.content)
        while self.holds:
            await asyncio.sleep(0.01)
        if self.drops:
            server.transport.abort()
        return self.answer

    def authenticate(self, server, session, envelope, mechanism, auth_data):
        self.sign_ins.append((auth_data.login, auth_data.password))
        return AuthResult(success=auth_data.password == b"p@ss", handled=False)

    @property
    def told(self) -> list[str]:
        return [message_from_bytes(mail, policy=default)["Subject"] for mail in self.mails]


class LoopbackController(Controller):
    """Listens on any free port."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class Shop:
    """The state of one installation, and rounds of telling."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data_dir=folder / "data", lock_wait_seconds=5)
        self.environ: dict[str, str] = {}
        self.now = NOW

    def open_state(self):
        return open_state(self.settings)

    def round(self, *conditions: Condition, dry_run: bool = False):
        report = notify(self.open_state, conditions, environ=self.environ, now=self.now, dry_run=dry_run)
        if not dry_run:
            self.now += timedelta(days=1)
        return report

    def ask(self, sql: str):
        with self.open_state() as state:
            return state.execute(sql).fetchall()

    def notices(self, channel: str):
        return self.ask(
            "select alert_id, event, status, attempts from platform.alert_notices "
            f"where channel = '{channel}' order by alert_id, event"
        )


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def receiver(shop: Shop) -> Iterator[Receiver]:
    receiver = Receiver()
    shop.environ["CDP_ALERT_WEBHOOK_URL"] = receiver.url
    yield receiver
    receiver.close()


@pytest.fixture
def open_postbox(shop: Shop) -> Iterator:
    """Starts a mail server with the given options and declares it."""
    controllers = []

    def start(**options):
        postbox = Postbox()
        if options.pop("asks_for_password", False):
            options |= {"authenticator": postbox.authenticate, "auth_require_tls": False}
        controller = LoopbackController(postbox, hostname="127.0.0.1", port=0, **options)
        controller.start()
        controllers.append(controller)
        postbox.port = controller.port
        scheme = "smtps" if "ssl_context" in options else "smtp"
        shop.environ |= {
            "CDP_ALERT_SMTP_URL": f"{scheme}://localhost:{postbox.port}",
            "CDP_ALERT_MAIL_FROM": "Grüne Gärten <shop@example.org>",
            "CDP_ALERT_MAIL_TO": "owner@example.org, Ops <ops@example.org>",
        }
        return postbox

    yield start
    for controller in controllers:
        controller.stop()


@pytest.fixture
def postbox(open_postbox) -> Postbox:
    return open_postbox()
