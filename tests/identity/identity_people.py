"""Hand-made person records for tests, and the stores to put them in.

Nothing is asserted here; labelled sets of others are in `identity_labelled.py`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from identity_labelled import COLUMNS

from identity import IdentityReport, resolve
from warehouse.connections import open_warehouse
from warehouse.settings import Settings

Record = dict[str, Any]
NOW = datetime(2026, 10, 31, 23, 59, 59)

FIRST = [
    "amelia",
    "olivia",
    "isla",
    "ava",
    "mia",
    "ivy",
    "lily",
    "willow",
    "emma",
    "grace",
    "oscar",
    "noah",
    "george",
    "arthur",
    "leo",
    "theo",
    "harry",
    "jack",
    "henry",
    "oliver",
    "alfie",
    "finley",
    "jude",
    "felix",
    "hugo",
    "ruby",
    "daisy",
    "elsie",
    "nora",
    "hazel",
    "iris",
    "maeve",
    "clara",
    "esme",
    "thea",
    "rory",
    "callum",
    "ewan",
    "fraser",
]
LAST = [
    "ashdown",
    "birchall",
    "cotterill",
    "dunmore",
    "eastwick",
    "fairclough",
    "garside",
    "holroyd",
    "inglewood",
    "jessop",
    "kettering",
    "lambourne",
    "mossman",
    "netherby",
    "oakshott",
    "pickersgill",
    "quarmby",
    "ravensdale",
    "stockdale",
    "thistlewood",
    "underhill",
    "verity",
    "wetherall",
    "yardley",
]
STREETS = [
    "mill lane",
    "castle street",
    "station road",
    "church walk",
    "orchard close",
    "bridge street",
    "park avenue",
    "green lane",
]
CITIES = ["leeds", "york", "bath", "ely", "wells", "truro", "perth", "ripon"]


def record(source: str, key: str, **values: Any) -> Record:
    """One record with the given columns; counts of names per email and phone are filled in by `put`."""
    return {"record_id": f"{source}:{key}", "source": source, "source_key": key, **values}


SHOP_EXTRA = (
    record("late", "1", first_name="quentin", last_name="zeal", email="quentin@example.org"),
    record(
        "late",
        "2",
        first_name="quentin",
        last_name="zeal",
        email="quentin@example.org",
        phone="+447700922222",
    ),
)


def shop(customers: int, seed: int = 7) -> list[Record]:
    """Records of distinct people, one to four each, from several sources, with a typo; `person` is the truth."""
    draw = random.Random(seed)
    records: list[Record] = []
    for number in range(customers):
        first, last = draw.choice(FIRST), draw.choice(LAST) + draw.choice(["", "", "son", "ham", "ley"])
        handle = "".join(draw.choices("bcdfghjklmnpqrstvwxz", k=5))
        email = f"{first}.{handle}@{draw.choice(['example.com', 'example.org', 'example.net'])}"
        phone = f"+999{draw.randrange(10**9):09d}"  # a country code that nobody has
        street, city = f"{draw.randint(1, 180)} {draw.choice(STREETS)}", draw.choice(CITIES)
        postcode = f"{city[:2].upper()}{draw.randint(1, 30)}{draw.randint(1, 9)}{draw.choice('ABDEFGH')}{draw.choice('JLNPQRST')}"
        birth = f"{draw.randint(1950, 2004)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}"
        name = {"first_name": first, "last_name": last}
        place = {"street": street, "city": city, "postcode": postcode, "country": "GB"}
        versions = [
            record("shopify_customers", str(number), **name, email=email, phone=phone, **place, web_user_id=str(number)),
            record("loyalty_members", f"L{number}", **name, phone=phone, birth_date=birth, loyalty_id=f"TT{number * 7919 % 99991:05d}"),
            record("mailchimp_members", email, email=email),
            record("hubspot_contacts", str(number), first_name=first[:3] + first[4:], last_name=last, email=email, birth_date=birth),
        ]  # fmt: skip
        records += [{**version, "person": number} for version in draw.sample(versions, draw.randint(1, 4))]
    return records


def put(connection: duckdb.DuckDBPyConnection, records: Sequence[Record]) -> None:
    """Replace intermediate.int_identity__records."""
    keys = ("record_id", "source", "source_key")
    columns = ", ".join(
        [*(f"{key} varchar" for key in keys), *(f"{name} {kind}" for name, kind in COLUMNS.items())]
    )
    connection.execute("create schema if not exists intermediate")
    connection.execute(f"create or replace table intermediate.int_identity__records ({columns})")
    names = [*keys, *COLUMNS]
    names_of = _names_by_value(records)
    texts = {name: [_text(_value(entry, name, names_of)) for entry in records] for name in names}
    arriving = pa.table(texts, schema=pa.schema([(name, pa.string()) for name in names]))
    connection.register("arriving_records", arriving)
    connection.execute("insert into intermediate.int_identity__records from arriving_records")
    connection.unregister("arriving_records")


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _value(entry: Record, name: str, names_of: dict[str, set[str]]) -> Any:
    if name in entry:
        return entry[name]
    if name.endswith("_is_placeholder"):
        return False
    if name.endswith("_name_count"):
        value = entry.get(name.split("_")[0])
        return None if value is None else len(names_of.get(value, ()))
    return None


def _names_by_value(records: Sequence[Record]) -> dict[str, set[str]]:
    """The names that each email and phone number goes with in these records."""
    found: dict[str, set[str]] = {}
    for entry in records:
        name = f"{entry.get('first_name') or ''} {entry.get('last_name') or ''}".strip()
        for key in ("email", "phone"):
            if entry.get(key) and name:
                found.setdefault(entry[key], set()).add(name)
    return found


@contextmanager
def stores(directory: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse with the state attached, in a folder of the test's own."""
    with open_warehouse(Settings(data_dir=directory), with_state=True) as connection:
        yield connection


def run(connection: duckdb.DuckDBPyConnection, records: Sequence[Record], run_id: str) -> IdentityReport:
    """Put the records and resolve them."""
    put(connection, list(records))
    return resolve(connection, run_id=run_id, as_of=NOW)


def customers(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """record_id → customer_id."""
    return dict(
        connection.execute("select record_id, customer_id from identity.identity_clusters").fetchall()
    )


def ledger(connection: duckdb.DuckDBPyConnection, run_id: str) -> list[tuple[str, str, str | None]]:
    """(action, customer_id, related_customer_id) of one run, in order."""
    return connection.execute(
        "select action, customer_id, related_customer_id from identity.identity_ledger where run_id = ? order by ledger_id",
        [run_id],
    ).fetchall()
