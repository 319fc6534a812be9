"""Which account of each destination to use: addresses and secrets, from the environment only.

A destination without settings is not an error: its syncs are reported as not configured and the run goes on.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from reverse_etl.errors import AccountError


@dataclass(frozen=True, slots=True)
class Account:
    """One account: `account_id` is the list or ad account (part of the sync's state), `address` a URL or a folder.

    `headers` carry the secret and are never printed. `mounted` answers HTTP instead of a network (tests, rehearsals).
    """

    destination: str
    address: str
    account_id: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    mounted: httpx.BaseTransport | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NotConfigured:
    """Why a destination cannot be used, as a sentence that says which variables to set."""

    destination: str
    sentence: str


class Accounts:
    """All accounts of this installation, by destination."""

    def __init__(self, accounts: Mapping[str, Account | NotConfigured]) -> None:
        self._accounts = dict(accounts)

    @classmethod
    def load(cls, outbox_dir: Path, environment: Mapping[str, str] | None = None) -> Accounts:
        """Accounts from `CDP_MAILCHIMP_*` and `CDP_META_*`, and the outbox folder for files; raises AccountError."""
        environment = os.environ if environment is None else environment
        files = Account("files", str(outbox_dir), "outbox")
        return cls({"files": files, "mailchimp": _mailchimp(environment), "meta": _meta(environment)})

    def mounted_on(self, transport: httpx.BaseTransport) -> Accounts:
        """The same accounts, every HTTP call answered by this transport instead of the network."""
        return Accounts(
            {
                name: replace(account, mounted=transport) if isinstance(account, Account) else account
                for name, account in self._accounts.items()
            }
        )

    def find(self, destination: str) -> Account | NotConfigured:
        sentence = f"Nothing is known about accounts of {destination}."
        return self._accounts.get(destination, NotConfigured(destination, sentence))


def _mailchimp(environment: Mapping[str, str]) -> Account | NotConfigured:
    missing = _missing(environment, "CDP_MAILCHIMP_API_KEY", "CDP_MAILCHIMP_LIST_ID")
    if missing:
        return NotConfigured("mailchimp", _sentence("Mailchimp", missing))
    key = environment["CDP_MAILCHIMP_API_KEY"]
    # the part after the dash of a key names the data centre, which is part of the host
    centre = key.rpartition("-")[2] if "-" in key else ""
    address = environment.get("CDP_MAILCHIMP_URL") or (centre and f"https://{centre}.api.mailchimp.com")
    if not address:
        raise AccountError(
            "CDP_MAILCHIMP_API_KEY does not end in a data centre such as -us21, so Mailchimp's address is unknown. "
            "Copy the whole key, or set CDP_MAILCHIMP_URL."
        )
    secret = base64.b64encode(f"cdp:{key}".encode()).decode()
    headers = {"Authorization": f"Basic {secret}"}
    return Account(
        "mailchimp", _url("CDP_MAILCHIMP_URL", address), environment["CDP_MAILCHIMP_LIST_ID"], headers
    )


def _meta(environment: Mapping[str, str]) -> Account | NotConfigured:
    missing = _missing(environment, "CDP_META_ACCESS_TOKEN", "CDP_META_AD_ACCOUNT_ID")
    if missing:
        return NotConfigured("meta", _sentence("Meta", missing))
    address = _url("CDP_META_URL", environment.get("CDP_META_URL") or "https://graph.facebook.com")
    headers = {"Authorization": f"Bearer {environment['CDP_META_ACCESS_TOKEN']}"}
    return Account("meta", address, environment["CDP_META_AD_ACCOUNT_ID"].removeprefix("act_"), headers)


def _missing(environment: Mapping[str, str], *names: str) -> list[str]:
    return [name for name in names if not environment.get(name)]


def _sentence(tool: str, missing: list[str]) -> str:
    return f"{tool} is not connected: set {' and '.join(missing)} in the environment to sync to it."


def _url(name: str, address: str) -> str:
    if not address.startswith(("http://", "https://")):
        raise AccountError(f"{name} must begin with http:// or https:// (found {address!r}).")
    return address.rstrip("/")
