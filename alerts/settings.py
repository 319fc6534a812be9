"""Where alerts are sent, read from `CDP_ALERT_*` environment variables and nowhere else: they hold secrets.

Every mistake is a sentence that names the variable and never shows its value; nothing is sent here.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import getaddresses
from urllib.parse import SplitResult, unquote, urlsplit

from alerts.errors import ChannelMisconfigured

WEBHOOK_URL, WEBHOOK_SECRET = "CDP_ALERT_WEBHOOK_URL", "CDP_ALERT_WEBHOOK_SECRET"
WEBHOOK_HTTP_HOSTS = "CDP_ALERT_WEBHOOK_HTTP_HOSTS"
SMTP_URL, MAIL_FROM, MAIL_TO = "CDP_ALERT_SMTP_URL", "CDP_ALERT_MAIL_FROM", "CDP_ALERT_MAIL_TO"


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """An address that takes notices as JSON; with a secret every call is signed."""

    url: str = field(repr=False)  # the path of a chat tool's address is a secret
    host: str
    secret: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MailSettings:
    """A mail server and who writes to whom. `needs_tls`: a password crosses a network, so it must be encrypted."""

    host: str
    port: int
    starts_with_tls: bool
    needs_tls: bool
    sender: Address
    recipients: tuple[Address, ...]
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


def read_webhook(environ: Mapping[str, str]) -> WebhookSettings | None:
    """The declared webhook, None when there is none.

    Plain HTTP is only for this machine and for the hosts listed in CDP_ALERT_WEBHOOK_HTTP_HOSTS (comma between). Raises
    ChannelMisconfigured.
    """
    url = environ.get(WEBHOOK_URL, "").strip()
    if not url:
        return None
    parts = _split(url, WEBHOOK_URL, ("https", "http"))
    host = parts.hostname or ""
    trusted = {name.strip().lower() for name in environ.get(WEBHOOK_HTTP_HOSTS, "").split(",")}
    if parts.scheme == "http" and not is_this_machine(host) and host not in trusted:
        raise ChannelMisconfigured(
            f"{WEBHOOK_URL} is not encrypted. Use an https:// address, or list the host in {WEBHOOK_HTTP_HOSTS} if the "
            f"network between is yours."
        )
    return WebhookSettings(url, host, _read_secret(environ.get(WEBHOOK_SECRET, "").strip()))


def read_mail(environ: Mapping[str, str]) -> MailSettings | None:
    """The declared mail server, None when nothing about mail is set. Raises ChannelMisconfigured."""
    names = (SMTP_URL, MAIL_FROM, MAIL_TO)
    absent = [name for name in names if not environ.get(name, "").strip()]
    if len(absent) == len(names):
        return None
    if absent:
        raise ChannelMisconfigured(f"Mail needs {' and '.join(absent)} as well. Set what is absent.")
    parts = _split(environ[SMTP_URL].strip(), SMTP_URL, ("smtp", "smtps"))
    host = parts.hostname or ""
    user, password = (unquote(word) if word else None for word in (parts.username, parts.password))
    senders = _read_addresses(environ[MAIL_FROM], MAIL_FROM)
    return MailSettings(
        host=host,
        port=parts.port or (465 if parts.scheme == "smtps" else 587 if user else 25),
        starts_with_tls=parts.scheme == "smtps",
        needs_tls=user is not None and not is_this_machine(host),
        sender=senders[0],
        recipients=_read_addresses(environ[MAIL_TO], MAIL_TO),
        user=user,
        password=password,
    )


def is_this_machine(host: str) -> bool:
    """True for `localhost` and the loopback addresses."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str, name: str, schemes: tuple[str, ...]) -> SplitResult:
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_good = False
    if not is_good:
        raise ChannelMisconfigured(
            f"{name} is not an address that begins with {wanted} and names a host. Correct it."
        )
    return parts


def _read_secret(secret: str) -> bytes | None:
    """`whsec_` and base64, as Standard Webhooks writes secrets; anything else counts as it stands."""
    if not secret.startswith("whsec_"):
        return secret.encode() or None
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise ChannelMisconfigured(
            f"{WEBHOOK_SECRET} begins with whsec_ but is not base64. Copy it again."
        ) from error


def _read_addresses(text: str, name: str) -> tuple[Address, ...]:
    try:
        found = tuple(Address(shown, addr_spec=spec) for shown, spec in getaddresses([text]))
    except (ValueError, IndexError) as error:  # email.errors.HeaderParseError is a ValueError
        raise ChannelMisconfigured(f"{name} is not a list of mail addresses. Correct it.") from error
    if not text.isprintable() or not all(item.domain and item.addr_spec.isascii() for item in found):
        raise ChannelMisconfigured(f"{name} is not a list of mail addresses. Correct it.")
    return found
