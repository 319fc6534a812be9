"""A pretend receiver of webhooks: checks the signature and the time of each call as Standard Webhooks 1.0 asks, and keeps it.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterable
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.doubles.tool import Body, Holding, Tool

MOST_SECONDS = 300  # how far the time in a call may be from ours
_KEY = b"sandbox signing secret, 32 bytes"


class Webhook(Tool):
    """One address that takes calls, and notices when one comes twice."""

    name, title, secret = "webhook", "Webhook", "whsec_" + base64.b64encode(_KEY).decode()
    bodies: ClassVar = {
        "take": Body({"type": str, "data": dict}),
    }
    schema = """
    create table if not exists webhook_calls (
        number integer primary key autoincrement, id text, type text, person text, body text, times integer default 1);
    create unique index if not exists webhook_calls_by_id on webhook_calls (id);
    """

    def routes(self) -> list[Route]:
        return [Route("/in", self.take, methods=["POST"])]

    @classmethod
    def environment(cls, url: str) -> dict[str, str]:
        return {"CDP_WEBHOOK_URL": f"{url}/in", "CDP_WEBHOOK_SECRET": cls.secret}

    def holdings(self) -> Iterable[Holding]:
        rows = self.store.rows("select * from webhook_calls order by number")
        shown = [{"type": row["type"], "person": row["person"], "times": row["times"]} for row in rows]
        yield Holding("calls", "all", shown)

    def is_authentic(self, _request: Request) -> bool:
        return True  # the signature is over the body, which is looked at below

    async def take(self, request: Request) -> Response:
        number, sent_at = (request.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp"))
        raw = await request.body()
        if not sent_at.isdigit() or abs(time.time() - int(sent_at)) > MOST_SECONDS:
            return self.problem(400, "webhook-timestamp is missing or too far from now")
        signed = b".".join([number.encode(), sent_at.encode(), raw])
        expected = base64.b64encode(hmac.digest(_KEY, signed, hashlib.sha256)).decode()
        given = request.headers.get("webhook-signature", "").split()
        if not any(hmac.compare_digest(f"v1,{expected}", text) for text in given):
            return self.problem(401, "webhook-signature does not fit")
        body = json.loads(raw)
        if not {"type", "data"} <= body.keys():
            return self.problem(400, "type and data are required")
        if str(body["data"].get("email") or "").endswith("@fake.test"):
            return self.problem(400, "this address is not taken")
        self.store.write(
            "insert into webhook_calls (id, type, person, body) values (?, ?, ?, ?) "
            "on conflict (id) do update set times = times + 1",
            number,
            body["type"],
            body["data"]["customer_id"],
            raw.decode(),
        )
        self.store.deliver("webhook", body["type"], "call", [body["data"]["customer_id"]])
        return JSONResponse({}, 202)
