"""A hand-built warehouse, real doubles on loopback, and short words for what tests do with them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from urllib.request import Request, urlopen

import pytest

from reverse_etl.accounts import Accounts
from reverse_etl.declarations import Guards, SyncDeclaration
from reverse_etl.planner import plan_sync
from reverse_etl.runner import run_syncs
from reverse_etl.transport import Patience
from sandbox.doubles import serve
from warehouse.connections import open_state, open_warehouse
from warehouse.settings import Settings

NOW = datetime(2026, 10, 31, 12)
QUICK = Patience(attempts=3, first_wait=0.01, longest_wait=0.05, slow_down_budget=2.0, timeout=5.0)
PERSON_COLUMNS = (
    "customer_id text, email text, phone text, first_name text, last_name text, city text, birth_date date"
)
META_FIELDS = {
    "EMAIL": "email",
    "PHONE": "phone",
    "FN": "first_name",
    "LN": "last_name",
    "CT": "city",
    "DOB": "birth_date",
}


@dataclass
class World:
    """One installation with its doubles."""

    settings: Settings
    doubles: object
    accounts: Accounts
    runs: count = field(default_factory=lambda: count(1))

    def warehouse(self):
        return open_warehouse(self.settings, with_state=True)

    def state(self):
        return open_state(self.settings)

    def people(self, table, rows):
        """Replace a sync model's rows: (customer_id, email[, phone[, first name …]])."""
        with self.warehouse() as connection:
            connection.execute(f"create or replace table syncs.{table} ({PERSON_COLUMNS})")
            width = PERSON_COLUMNS.count(",") + 1
            padded = [(*row, *[None] * (width - len(row))) for row in rows]
            if padded:
                connection.executemany(f"insert into syncs.{table} values ({', '.join('?' * width)})", padded)

    def consent(self, *customers, status="granted", channel="email", at=datetime(2026, 1, 1)):
        purpose = "ads" if channel == "ads" else "marketing"
        with self.warehouse() as connection:
            for customer in customers:
                connection.execute(
                    "delete from marts.consents where customer_id = ? and channel = ?", [customer, channel]
                )
            connection.executemany(
                "insert into marts.consents values (?, ?, ?, ?, ?, 'test', null)",
                [(customer, purpose, channel, status, at) for customer in customers],
            )

    def suppress(self, kind, value, channel="email"):
        with self.warehouse() as connection:
            connection.execute("insert into marts.suppressions values (?, ?, ?)", [kind, value, channel])

    def say(self, kind, value, status="denied", channel="email", at=NOW):
        purpose = "ads" if channel == "ads" else "marketing"
        with self.state() as state:
            state.execute(
                "insert into platform.consent_log values (?, ?, ?, ?, ?, ?, ?, 'test', null)",
                [f"{kind}{value}{status}{at}", at, kind, value, purpose, channel, status],
            )

    def plan(self, sync, **options):
        with self.warehouse() as connection:
            return plan_sync(connection, sync, self.accounts, **options)

    def run(self, *syncs, **options):
        results = run_syncs(
            self.warehouse,
            self.state,
            syncs,
            self.accounts,
            f"run{next(self.runs)}",
            NOW,
            patience=QUICK,
            **options,
        )
        return results[0] if len(syncs) == 1 else results

    def ask(self, path):
        with urlopen(f"{self.doubles.url}{path}") as answer:
            return json.load(answer)

    def fault(self, **fault):
        body = json.dumps(fault).encode()
        with urlopen(Request(f"{self.doubles.url}/_faults", body, {"Content-Type": "application/json"})):
            pass

    def mailchimp(self):
        """The list's members and segments."""
        empty = {"members": {}, "segments": {}}
        return self.ask("/_state")["mailchimp"]["lists"].get("5andb0x115", empty)

    def subscribed(self):
        return {
            email for email, member in self.mailchimp()["members"].items() if member["status"] == "subscribed"
        }

    def segment(self, name):
        return set(self.mailchimp()["segments"].get(name, []))

    def audience(self, name):
        return self.ask("/_state")["meta"]["audiences"].get(name, [])

    def writes(self):
        """Requests that change something, as the doubles received them."""
        return [row for row in self.ask("/_requests") if row["method"] != "GET"]


@contextmanager
def open_world(folder, mailchimp_exports=None):
    settings = Settings(data_dir=folder / "data")
    with open_warehouse(settings, with_state=True) as connection:
        for schema in ("syncs", "marts"):
            connection.execute(f"create schema if not exists {schema}")
        connection.execute(
            "create table if not exists marts.consents (customer_id text, purpose text, channel text, status text, "
            "stated_at timestamp, source text, proof text)"
        )
        connection.execute(
            "create table if not exists marts.suppressions (identifier_type text, identifier_value text, channel text)"
        )
    with serve(folder / "doubles", mailchimp_exports=mailchimp_exports) as doubles:
        yield World(settings, doubles, Accounts.load(settings.outbox_dir, doubles.environment))


@pytest.fixture
def world(tmp_path):
    with open_world(tmp_path) as opened:
        yield opened


def declare(name, destination, object_, table, target, *, fields=None, channel="email", **guards):
    return SyncDeclaration(
        name=name,
        schema_name="syncs",
        table=table,
        destination=destination,
        object=object_,
        target=target,
        purpose="ads" if channel == "ads" else "marketing",
        channel=channel,
        fields=fields or {},
        guards=Guards(**guards),
    )


@pytest.fixture
def contacts():
    fields = {"email_address": "email", "FNAME": "first_name"}
    return declare("mailchimp_contacts", "mailchimp", "contact", "contacts", "Customers", fields=fields)


@pytest.fixture
def lapsed():
    fields = {"email_address": "email"}
    return declare(
        "mailchimp_lapsed", "mailchimp", "segment_membership", "lapsed", "Lapsed buyers", fields=fields
    )


@pytest.fixture
def audience():
    return declare(
        "meta_vips",
        "meta",
        "custom_audience",
        "vips",
        "VIPs",
        fields=META_FIELDS,
        channel="ads",
        minimum_size=0,
    )


@pytest.fixture
def vip_file():
    fields = {"customer_id": "customer_id", "email": "email", "name": "first_name"}
    return declare("files_vips", "files", "file", "vips", "vips", fields=fields)
