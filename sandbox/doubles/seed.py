"""Filling the pretend Mailchimp with the audience that the shop exported, opt-outs and bounces included.

Only the export's file names and its Email Address column are relied on.
"""

from __future__ import annotations

import csv
from pathlib import Path

from sandbox.doubles.mailchimp import email_hash
from sandbox.doubles.store import Store

_EXPORTS = (
    ("subscribed*.csv", "subscribed"),
    ("unsubscribed*.csv", "unsubscribed"),
    ("cleaned*.csv", "cleaned"),
)


def seed_mailchimp(store: Store, list_id: str, folder: Path) -> int:
    """Load `folder`'s audience exports into a list that is still empty; returns the members loaded."""
    if store.one("select 1 from mailchimp_members where list_id = ?", list_id) or not folder.is_dir():
        return 0
    members = [
        (list_id, email_hash(email), email.lower(), status, int(status != "subscribed"), "{}")
        for pattern, status in _EXPORTS
        for file in sorted(folder.glob(pattern))
        for email in _addresses(file)
    ]
    store.write_many("insert or replace into mailchimp_members values (?, ?, ?, ?, ?, ?)", members)
    return len(members)


def _addresses(file: Path) -> list[str]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return [row["Email Address"].strip() for row in csv.DictReader(text) if row.get("Email Address")]
