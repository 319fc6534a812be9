"""A hand-built warehouse, real doubles on loopback, and short words for what tests do with them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

import duckdb
import httpx
import pytest

from reverse_etl.accounts import Accounts
from reverse_etl.connecting import load_accounts
from reverse_etl.declarations import Guards, SyncDeclaration
from reverse_etl.planner import plan_sync
from reverse_etl.runner import run_syncs
from reverse_etl.transport import Patience
from sandbox.doubles import serve
from sandbox.doubles.in_process import mount
from tests.reverse_etl.vendor_specs import CHECKED, SPECS, check
from warehouse.connections import open_state, open_warehouse
from warehouse.settings import Settings
from warehouse.state import migrate

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


class MemoryStores:
    """Both stores in one in-memory engine: much quicker than opening files a dozen times per run."""

    def __init__(self):
        self.connection = duckdb.connect()
        self.connection.execute("attach ':memory:' as state_store; use state_store")
        migrate(self.connection)
        self.connection.execute("use memory; set threads = 1")

    @contextmanager
    def warehouse(self):
        with closing(self.connection.cursor()) as cursor:
            yield cursor

    @contextmanager
    def state(self):
        with closing(self.connection.cursor()) as cursor:
            cursor.execute("use state_store")
            yield cursor

    def close(self):
        self.connection.close()


class FileStores:
    """The stores as they really are."""

    def __init__(self, folder):
        self.settings = Settings(data_dir=folder)

    def warehouse(self):
        return open_warehouse(self.settings, with_state=True)

    def state(self):
        return open_state(self.settings)

    def close(self):
        pass


@dataclass
class World:
    """One installation with its doubles."""

    stores: object
    outbox: Path
    doubles: object
    accounts: Accounts
    runs: count = field(default_factory=lambda: count(1))

    def warehouse(self):
        return self.stores.warehouse()

    def state(self):
        return self.stores.state()

    def people(self, table, rows):
        """Replace a sync model's rows: (customer_id, email[, phone[, first name …]])."""
        with self.warehouse() as connection:
            connection.execute(f"create or replace table syncs.{table} ({PERSON_COLUMNS})")
            width = PERSON_COLUMNS.count(",") + 1
            padded = [(*row, *[None] * (width - len(row))) for row in rows]
            if padded:
                rows = ", ".join(["(" + ", ".join("?" * width) + ")"] * len(padded))
                connection.execute(
                    f"insert into syncs.{table} values {rows}", [cell for row in padded for cell in row]
                )

    def consent(self, *customers, status="granted", channel="email", at=datetime(2026, 1, 1), is_opt_in=True):
        purpose = "ads" if channel == "ads" else "marketing"
        with self.warehouse() as connection:
            connection.execute(
                "delete from marts.consents where list_contains(?, customer_id) and channel = ?",
                [list(customers), channel],
            )
            connection.execute(
                "insert into marts.consents select unnest(?), ?, ?, ?, ?, ?, 'test', null, 'stated'",
                [list(customers), purpose, channel, status, at, at if is_opt_in else None],
            )

    def suppress(self, kind, value, channel="email"):
        with self.warehouse() as connection:
            connection.execute("insert into marts.suppressions values (?, ?, ?)", [kind, value, channel])

    def say(self, kind, value, status="denied", channel="email", at=NOW):
        purpose = "ads" if channel == "ads" else "marketing"
        with self.state() as state:
            state.execute(
                "insert into platform.consent_log values (?, ?, ?, ?, ?, ?, ?, 'test', null, null, null)",
                [f"{kind}{value}{status}{channel}{at}", at, kind, value, purpose, channel, status],
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
            **{"patience": QUICK, **options},
        )
        return results[0] if len(syncs) == 1 else results

    def ask(self, path, json=None):
        transport = getattr(self.doubles, "transport", None)
        with httpx.Client(transport=transport, verify=False, trust_env=False) as client:
            url = f"{self.doubles.url}{path}"
            return (
                (client.get(url) if json is None else client.post(url, json=json)).raise_for_status().json()
            )

    def fault(self, **fault):
        self.ask("/_faults", json=fault)

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
        return self.ask("/_state").get("meta", {}).get("audiences", {}).get(name, [])

    def writes(self):
        """Requests that change something, as the doubles received them."""
        return [row for row in self.ask("/_requests") if row["method"] != "GET"]


class SpecChecked(httpx.BaseTransport):
    """Checks every request against its vendor's specification on its way to the doubles."""

    def __init__(self, inner):
        self.inner = inner

    def handle_request(self, request):
        tool, _, rest = request.url.path.lstrip("/").partition("/")
        if SPECS.is_dir() and tool in CHECKED and not rest.startswith(("token", "errors/")):
            content = request.read()
            check(
                tool,
                request.method,
                f"/{rest}",
                query=request.url.params.multi_items(),
                headers=request.headers.items(),
                body=json.loads(content) if content else None,
            )
        return self.inner.handle_request(request)

    def close(self):
        """As the doubles' own: it serves the next client too."""


@contextmanager
def open_world(folder, mailchimp_exports=None, stores=None):
    stores = stores or MemoryStores()
    with stores.warehouse() as connection:
        for schema in ("syncs", "marts"):
            connection.execute(f"create schema if not exists {schema}")
        connection.execute(
            "create table if not exists marts.consents (customer_id text, purpose text, channel text, status text, "
            "stated_at timestamp, opted_in_at timestamp, source text, proof text, rule text)"
        )
        connection.execute(
            "create table if not exists marts.suppressions (identifier_type text, identifier_value text, channel text)"
        )
    outbox = folder / "outbox"
    answering = serve if isinstance(stores, FileStores) else mount
    with answering(folder / "doubles", mailchimp_exports=mailchimp_exports) as doubles:
        accounts = load_accounts(outbox, doubles.environment)
        if answering is mount:
            accounts = accounts.mounted_on(SpecChecked(doubles.transport))
        yield World(stores, outbox, doubles, accounts)
    stores.close()


@pytest.fixture
def world(tmp_path):
    """In-memory stores and doubles of its own, in this process."""
    with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
def file_world(tmp_path):
    """Stores in files and doubles behind a socket, as in a real run."""
    with open_world(tmp_path, stores=FileStores(tmp_path / "data")) as opened:
        yield opened


def build_declaration(name, destination, object_, table, target, *, fields=None, channel="email", **guards):
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
    return build_declaration(
        "mailchimp_contacts", "mailchimp", "contact", "contacts", "Customers", fields=fields
    )


@pytest.fixture
def lapsed():
    fields = {"email_address": "email"}
    return build_declaration(
        "mailchimp_lapsed", "mailchimp", "segment_membership", "lapsed", "Lapsed buyers", fields=fields
    )


@pytest.fixture
def audience():
    return build_declaration(
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
    return build_declaration("files_vips", "files", "file", "vips", "vips", fields=fields)


@pytest.fixture
def declare():
    """Builds a declaration: name, destination, object, table, target, and guards by name."""
    return build_declaration


def write_export(folder, status, emails):
    """An audience export as Mailchimp writes it, as far as the double reads it."""
    folder.mkdir(exist_ok=True)
    lines = ["Email Address,First Name", *(f"{email},X" for email in emails)]
    (folder / f"{status}_members_2026-10-31.csv").write_text("\n".join(lines))


@pytest.fixture
def seeded(tmp_path):
    """A world whose Mailchimp audience was there before us: one subscribed, one unsubscribed, one cleaned."""
    for status, email in (
        ("subscribed", "in@x.org"),
        ("unsubscribed", "out@x.org"),
        ("cleaned", "dead@x.org"),
    ):
        write_export(tmp_path / "mailchimp", status, [email])
    with open_world(tmp_path, tmp_path / "mailchimp") as opened:
        yield opened


@pytest.fixture
def crowd(tmp_path):
    """A world whose Mailchimp audience has p000@x.org … p149@x.org."""
    write_export(tmp_path / "mailchimp", "subscribed", [f"p{number:03}@x.org" for number in range(150)])
    with open_world(tmp_path, tmp_path / "mailchimp") as opened:
        yield opened


def _set_status(world, email, status, opted_out):
    with closing(sqlite3.connect(world.doubles.state_path)) as connection, connection:
        connection.execute(
            "update mailchimp_members set status = ?, opted_out = ? where email = ?",
            [status, opted_out, email],
        )


@pytest.fixture
def unsubscribe():
    """A person unsubscribes at Mailchimp."""
    return lambda world, email: _set_status(world, email, "unsubscribed", 1)


@pytest.fixture
def archive():
    """Somebody at the shop archives a contact at Mailchimp by hand."""
    return lambda world, email: _set_status(world, email, "archived", 0)


@pytest.fixture
def memory():
    """In-memory stores alone."""
    stores = MemoryStores()
    yield stores
    stores.close()
