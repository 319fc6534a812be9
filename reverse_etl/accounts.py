"""Accounts of destinations: what is known of each, or why it cannot be used; `connecting` makes them of settings.

A destination without settings is not an error: its syncs are reported as not configured and the run goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import httpx


@dataclass(frozen=True, slots=True)
class Account:
    """One account: `account_id` is the list or ad account (part of the sync's state), `address` a URL or a folder.

    `headers`, `auth` and `settings` carry secrets and are never printed: headers go with every call, `auth` changes a
    call as it leaves, `settings` are what transports other than HTTP need. `mounted` answers HTTP instead of a
    network (tests, rehearsals).
    """

    destination: str
    address: str
    account_id: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    mounted: httpx.BaseTransport | None = field(default=None, repr=False)
    auth: httpx.Auth | None = field(default=None, repr=False)
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class NotConfigured:
    """Why a destination cannot be used, as a sentence that says which variables to set."""

    destination: str
    sentence: str


class Accounts:
    """All accounts of this installation, by destination."""

    def __init__(self, accounts: Mapping[str, Account | NotConfigured]) -> None:
        self._accounts = dict(accounts)

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
