"""Webhooks: signed so that the receiver can check, only to places that are safe, and never showing their address."""

import base64
import hashlib
import hmac
import json
import logging
import socket
import time

import pytest
from wrong_things import late

from alerts import channels
from alerts.errors import ChannelMisconfigured
from alerts.settings import read_webhook

KEY = b"0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("secret", ["whsec_" + base64.b64encode(KEY).decode(), KEY.decode()])
def test_calls_are_signed_as_standard_webhooks_says(shop, receiver, secret):
    shop.environ["CDP_ALERT_WEBHOOK_SECRET"] = secret
    shop.round(late())
    ((headers, body),) = receiver.calls
    signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["Webhook-Signature"] == f"v1,{expected}"
    assert headers["Webhook-Id"] == headers["Idempotency-Key"] == "late:source:shopify:1:raised"
    assert abs(int(headers["Webhook-Timestamp"]) - time.time()) < 60
    assert headers["Content-Type"] == "application/json"


def test_what_programs_read(shop, receiver):
    shop.round(late())
    shop.round()
    raised, recovered = (json.loads(body) for _, body in receiver.calls)
    assert (raised["event"], raised["kind"], raised["subject"]) == ("raised", "late", "source:shopify")
    assert (raised["since"], raised["raised_at"]) == ("2026-11-21T01:00:00Z", "2026-11-21T04:00:00Z")
    assert (raised["recovered_at"], recovered["recovered_at"]) == (None, "2026-11-22T04:00:00Z")
    assert raised["alert_id"] == recovered["alert_id"]
    assert "Webhook-Signature" not in receiver.calls[0][0]


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("https://hooks.example.org/x", True),
        ("http://127.0.0.1:8080/x", True),
        ("http://localhost/x", True),
        ("http://[::1]:9/x", True),
        ("http://chat.shop.internal/x", True),  # listed below
        ("http://hooks.example.org/x", False),
        ("http://127.0.0.1.example.org/x", False),
        ("http://localhost@example.org/x", False),
        ("ftp://example.org/x", False),
        ("file:///etc/passwd", False),
        ("https:///x", False),
        ("https://example.org:port/x", False),
        ("https://[::1/x", False),
    ],
)
def test_only_safe_places(url, is_good):
    environ = {"CDP_ALERT_WEBHOOK_URL": url, "CDP_ALERT_WEBHOOK_HTTP_HOSTS": "x, Chat.shop.internal"}
    if is_good:
        settings = read_webhook(environ)
        assert settings.url == url
        assert url not in repr(settings)
    else:
        with pytest.raises(ChannelMisconfigured, match="CDP_ALERT_WEBHOOK_URL is not") as caught:
            read_webhook(environ)
        assert url not in str(caught.value)


def test_a_secret_that_was_cut_off():
    environ = {"CDP_ALERT_WEBHOOK_URL": "https://x.org", "CDP_ALERT_WEBHOOK_SECRET": "whsec_abc"}
    with pytest.raises(ChannelMisconfigured, match=r"CDP_ALERT_WEBHOOK_SECRET .* not base64"):
        read_webhook(environ)


def test_redirects_are_not_followed(shop, receiver):
    receiver.answers = [302]
    (problem,) = shop.round(late()).problems
    assert "127.0.0.1 answered that it has moved (302): declare the new address" in problem
    assert len(receiver.calls) == 1


def test_silence_is_not_waited_for_long(shop, receiver, monkeypatch):
    monkeypatch.setattr(channels, "WEBHOOK_SECONDS", 0.3)
    receiver.hold.clear()
    (problem,) = shop.round(late()).problems
    assert "127.0.0.1 gave no answer within" in problem


def test_nobody_there_and_nobody_who_speaks_http(shop, receiver):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
    shop.environ["CDP_ALERT_WEBHOOK_URL"] = f"http://127.0.0.1:{port}/T0P-S3CRET"
    (problem,) = shop.round(late()).problems
    assert "127.0.0.1 could not be reached (ConnectError)" in problem
    assert "S3CRET" not in problem


def test_the_address_appears_in_no_log(shop, receiver, caplog):
    caplog.set_level(logging.INFO)
    shop.round(late())
    assert receiver.calls
    assert "S3CRET" not in caplog.text
