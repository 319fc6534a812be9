"""What is added to a request as it leaves: the signature of a webhook, a token that is fetched with another.

These take requests and answers and give requests back; the transport carries them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Generator, Mapping
from typing import Any

import httpx

from reverse_etl.errors import AccountError


class StandardWebhook(httpx.Auth):
    """Signs a body as Standard Webhooks 1.0 says; the message's id stands in its header `webhook-id` already.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """

    requires_request_body = True

    def __init__(self, secret: str) -> None:
        try:
            self._key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except ValueError:
            self._key = b""
        if not 24 <= len(self._key) <= 64:
            raise AccountError(
                "CDP_WEBHOOK_SECRET must be 24 to 64 bytes in base64, with or without `whsec_` in front. "
                "Make one with: openssl rand -base64 32"
            )

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        # the real clock: receivers refuse what is old
        sent_at = str(int(time.time()))
        signed = b".".join([request.headers["webhook-id"].encode(), sent_at.encode(), request.content])
        signature = base64.b64encode(hmac.digest(self._key, signed, hashlib.sha256)).decode()
        request.headers["webhook-timestamp"] = sent_at
        request.headers["webhook-signature"] = f"v1,{signature}"
        yield request


class RefreshedToken(httpx.Auth):
    """A bearer token that a refresh token gives (OAuth 2.0, RFC 6749 §6), fetched when needed and once more on a 401."""

    requires_response_body = True

    def __init__(self, address: str, form: Mapping[str, str]) -> None:
        self._address = address
        self._form = {**form, "grant_type": "refresh_token"}
        self._token: str | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        is_fresh = self._token is None
        if is_fresh:
            self._keep((yield self._ask()))
        answer = yield self._signed(request)
        if answer.status_code == 401 and not is_fresh:
            self._keep((yield self._ask()))
            yield self._signed(request)

    def _ask(self) -> httpx.Request:
        return httpx.Request("POST", self._address, data=self._form)

    def _keep(self, answer: httpx.Response) -> None:
        try:
            body: Any = answer.json()
        except ValueError:
            body = {}
        self._token = body.get("access_token") if isinstance(body, dict) else None

    def _signed(self, request: httpx.Request) -> httpx.Request:
        # without a token the tool answers 401, which says what to do
        request.headers["Authorization"] = f"Bearer {self._token or ''}".strip()
        return request
