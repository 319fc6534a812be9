"""The one module of this room that talks to the outside: a line in the log, a call to a webhook, a mail.

What is said is written in `notices.py`; what was said already is known to the ledger.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import smtplib
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Protocol

import httpx

from alerts.errors import ChannelMisconfigured, MaybeSent, NotSent
from alerts.notices import Notice, headline_of, key_of, one_line, text_of
from alerts.settings import MailSettings, WebhookSettings, read_mail, read_webhook

WEBHOOK_SECONDS = 10.0
MAIL_SECONDS = 30.0
_log = logging.getLogger("alerts")

# it logs whole addresses, and those of chat tools are secrets
logging.getLogger("httpx").setLevel(logging.WARNING)


class Channel(Protocol):
    """A way to tell people, up to `most_at_once` notices in one message.

    `repeats_safely`: told twice after a crash, the receiver knows that it is the same.
    """

    name: str
    repeats_safely: bool
    most_at_once: int

    def send(self, *notices: Notice) -> None:
        """All of them or none. Raises NotSent, MaybeSent or ChannelMisconfigured."""


def open_channels(environ: Mapping[str, str]) -> list[Channel]:
    """The log always, and what the environment declares. A wrong setting makes a channel that says so."""
    return [Log(), *(channel for kind in (Webhook, Mail) if (channel := _open(kind, environ)) is not None)]


def _open(kind: type[Webhook] | type[Mail], environ: Mapping[str, str]) -> Channel | None:
    try:
        return kind.declared(environ)
    except ChannelMisconfigured as error:
        return Misconfigured(kind, error)


class Log:
    """One line per notice in the log of the process."""

    name = "log"
    repeats_safely = False
    most_at_once = 1

    def send(self, *notices: Notice) -> None:
        for notice in notices:
            level = logging.WARNING if notice.event == "raised" else logging.INFO
            _log.log(level, "%s. %s", notice.headline, one_line(notice.alert.sentence))


class Webhook:
    """A POST with JSON, signed as Standard Webhooks 1.0 says (headers webhook-id, -timestamp and -signature).

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """

    name = "webhook"
    repeats_safely = True
    most_at_once = 1

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings

    @classmethod
    def declared(cls, environ: Mapping[str, str]) -> Webhook | None:
        settings = read_webhook(environ)
        return cls(settings) if settings else None

    def send(self, *notices: Notice) -> None:
        for notice in notices:
            self._call(notice)

    def _call(self, notice: Notice) -> None:
        body = json.dumps(notice.as_json(), ensure_ascii=False).encode()
        try:
            status = self._post(body, self._headers(notice, body))
        except httpx.TimeoutException as error:
            raise NotSent(f"{self._settings.host} gave no answer within {WEBHOOK_SECONDS:.0f} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise NotSent(f"{self._settings.host} could not be reached ({type(error).__name__})") from error
        if 300 <= status < 400:
            raise NotSent(
                f"{self._settings.host} answered that it has moved ({status}): declare the new address"
            )
        if not 200 <= status < 300:
            raise NotSent(f"{self._settings.host} answered {status}")

    def _post(self, body: bytes, headers: dict[str, str]) -> int:
        # over plain HTTP there is nothing to verify, and reading the certificates takes 40 ms
        encrypted = self._settings.url.lower().startswith("https:")
        with (
            httpx.Client(timeout=WEBHOOK_SECONDS, trust_env=False, verify=encrypted) as client,
            client.stream("POST", self._settings.url, content=body, headers=headers) as answer,
        ):
            return answer.status_code  # the body is not read: it may be endless, and is not needed

    def _headers(self, notice: Notice, body: bytes) -> dict[str, str]:
        key, sent_at = notice.key, str(int(time.time()))  # the real clock: receivers refuse what is old
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "Webhook-Id": key,
            "Webhook-Timestamp": sent_at,
        }
        if self._settings.secret is not None:
            signed = f"{key}.{sent_at}.".encode() + body
            digest = hmac.new(self._settings.secret, signed, hashlib.sha256).digest()
            headers["Webhook-Signature"] = f"v1,{base64.b64encode(digest).decode()}"
        return headers


class Mail:
    """One mail for all the news of a run. Encrypted where the server can; always before a password crosses a network."""

    name = "mail"
    repeats_safely = False
    most_at_once = 50

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    @classmethod
    def declared(cls, environ: Mapping[str, str]) -> Mail | None:
        settings = read_mail(environ)
        return cls(settings) if settings else None

    def send(self, *notices: Notice) -> None:
        message = self._write(notices).as_bytes(policy=SMTP)
        try:
            with closing(self._connect()) as server:
                self._sign_in(server)
                self._hand_over(server, message)
                with suppress(OSError, smtplib.SMTPException):  # it has the mail, however it says goodbye
                    server.quit()
        except (OSError, UnicodeError, smtplib.SMTPException) as error:
            raise NotSent(f"{self._settings.host} did not take the mail ({_reason(error)})") from error

    def _write(self, notices: Sequence[Notice]) -> EmailMessage:
        settings, message = self._settings, EmailMessage()
        message["From"], message["To"] = settings.sender, settings.recipients
        message["Subject"] = headline_of(notices)
        message["Date"] = formatdate()
        # the same for every attempt: mail programs show it once
        token = hashlib.sha256(key_of(notices).encode()).hexdigest()[:32]
        message["Message-ID"] = f"<{token}@{settings.sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text_of(notices), cte="quoted-printable")
        return message

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.starts_with_tls:
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(settings.host, settings.port, timeout=MAIL_SECONDS, context=context)
        return smtplib.SMTP(settings.host, settings.port, timeout=MAIL_SECONDS)

    def _sign_in(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        if not self._settings.starts_with_tls:
            if server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            elif self._settings.needs_tls:
                raise NotSent(
                    f"{self._settings.host} offers no encryption, so the password was not sent: use smtps://"
                )
        if self._settings.user is not None:
            server.login(self._settings.user, self._settings.password or "")

    def _hand_over(self, server: smtplib.SMTP, message: bytes) -> None:
        code, answer = server.mail(self._settings.sender.addr_spec)
        refused = [] if code == 250 else [(code, answer)]
        answers = [server.rcpt(address.addr_spec) for address in self._settings.recipients if not refused]
        refused += [(code, answer) for code, answer in answers if code not in (250, 251)]
        if len(refused) >= max(1, len(answers)):  # one recipient who takes it is enough
            raise smtplib.SMTPResponseException(*refused[0])
        try:
            code, answer = server.data(message)
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            raise MaybeSent(f"{self._settings.host} went away while it took the mail") from error
        if code != 250:
            raise smtplib.SMTPResponseException(code, answer)


class Misconfigured:
    """Stands where a channel would be if its settings were right; what it should have told waits."""

    def __init__(self, kind: type[Webhook] | type[Mail], reason: ChannelMisconfigured) -> None:
        self.name, self.repeats_safely, self._reason = kind.name, kind.repeats_safely, reason
        self.most_at_once = kind.most_at_once

    def send(self, *_notices: Notice) -> None:
        raise self._reason


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeError):  # its own words would show a letter of the password
        return "the user or the password has letters outside ASCII"
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return one_line(
            f"{error.smtp_code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
        )[:200]
    return one_line(getattr(error, "strerror", None) or str(error) or type(error).__name__)[:200]
