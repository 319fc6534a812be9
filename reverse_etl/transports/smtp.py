"""A mail to the shop's own staff, with a file attached. Nobody else can be written to: the recipients are the account's.

What it says is decided in `destinations/digest.py`.
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote, urlsplit

from reverse_etl.contract import Request, Response
from reverse_etl.transports.sequence import OneByOne, refusal

_SECONDS = 30.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class MailTransport(OneByOne):
    """One mail server, sender and group of recipients."""

    def send(self, request: Request) -> Response:
        settings = self.account.settings
        recipients = settings["to"].split(", ")
        try:
            server = self._connect()
        except smtplib.SMTPAuthenticationError:
            return refusal(401, "the mail server refused the user or the password")
        except (OSError, smtplib.SMTPException) as error:
            return Response(0, error=f"could not connect ({type(error).__name__})", is_unsent=True)
        try:
            refused = _address(server, settings["from"], recipients)
            if refused:
                return refused
        except (OSError, smtplib.SMTPException) as error:
            # nothing of the message has been given yet
            server.close()
            return Response(0, error=f"connection lost ({type(error).__name__})", is_unsent=True)
        return _hand_over(server, self._message(request, recipients))

    def close(self) -> None:
        """Each mail has a connection of its own."""

    def _connect(self) -> smtplib.SMTP:
        parts = urlsplit(self.account.address)
        host, user = parts.hostname or "", unquote(parts.username or "")
        context = ssl.create_default_context()
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, parts.port or 465, timeout=_SECONDS, context=context
            )
        else:
            server = smtplib.SMTP(host, parts.port or 587, timeout=_SECONDS)
        try:
            server.ehlo()
            if parts.scheme == "smtp" and (host not in _LOOPBACK or server.has_extn("starttls")):
                server.starttls(context=context)
                server.ehlo()
            if user:
                server.login(user, self.account.settings["password"])
        except BaseException:
            server.close()
            raise
        return server

    def _message(self, request: Request, recipients: list[str]) -> bytes:
        given: Any = request.json or {}
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"] = self.account.settings["from"], ", ".join(recipients)
        message["Subject"], message["Date"] = given["subject"], formatdate(localtime=False)
        name = hashlib.sha256("".join(request.op_ids).encode()).hexdigest()[:32]
        message["Message-ID"] = f"<{name}@cdp>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(given["text"])
        message.add_attachment(
            (request.content or b"").decode("utf-8"), subtype="csv", filename=given["filename"]
        )
        return message.as_bytes()


def _address(server: smtplib.SMTP, sender: str, recipients: list[str]) -> Response | None:
    codes = [server.mail(sender)[0]]
    if codes == [250]:
        codes += [server.rcpt(recipient)[0] for recipient in recipients]
    code = next((code for code in codes if code not in (250, 251)), None)
    if code is None:
        return None
    server.close()
    return refusal(400, f"the mail server refused the sender or a recipient ({code})")


def _hand_over(server: smtplib.SMTP, message: bytes) -> Response:
    try:
        code, _ = server.data(message)
    except smtplib.SMTPDataError as error:
        code = error.smtp_code
    except (OSError, smtplib.SMTPException) as error:
        server.close()
        return Response(0, error=f"connection lost while the mail was given ({type(error).__name__})")
    with suppress(OSError, smtplib.SMTPException):
        server.quit()
    return Response(250) if code == 250 else refusal(400, f"the mail server refused the mail ({code})")
