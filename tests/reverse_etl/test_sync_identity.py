"""What a person decides about who is who, followed to the tools: they receive the changes that follow, and no others."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from identity import resolve

NOW = datetime(2026, 10, 31, 12)

NAMES = "record_id, source, source_key, first_name, last_name, email, phone"
UNKNOWN = ("street", "city", "postcode", "country", "company", "loyalty_id", "web_user_id", "display_name")
MOTHER = (
    "shopify_customers:1",
    "shopify_customers",
    "1",
    "anna",
    "kettering",
    "anna@example.com",
    "+999111222333",
)
DAUGHTER = (
    "square_customers:2",
    "square_customers",
    "2",
    "anna",
    "kettering",
    "annie@example.com",
    "+999111222333",
)
BEN = ("shopify_customers:3", "shopify_customers", "3", "ben", "holroyd", "ben@example.com", None)  # fmt: skip


class House:
    """A world whose sync tables are made from the customers that identity resolution finds."""

    def __init__(self, world) -> None:
        self.world, self.night = world, 0

    def pass_a_night(self, records) -> dict[str, str]:
        """Resolve the records and build the tables that are synced; returns record → customer."""
        self.night += 1
        with self.world.warehouse() as connection:
            connection.execute("create schema if not exists intermediate")
            values = ", ".join(f"({', '.join('?' * 7)})" for _ in records)
            nothing = ", ".join(f"null::varchar as {name}" for name in UNKNOWN)
            connection.execute(
                f"""
                create or replace table intermediate.int_identity__records as
                select {NAMES}, {nothing}, null::date as birth_date, false as email_is_placeholder,
                    false as phone_is_placeholder, 1 as email_name_count, 1 as phone_name_count, null::timestamp as seen_at
                from (values {values}) as t({NAMES})
                """,
                [cell for entry in records for cell in entry],
            )
            resolve(connection, run_id=f"n{self.night}", as_of=NOW + timedelta(days=self.night))
            rows = connection.execute(
                "select c.customer_id, min(r.email) from identity.identity_clusters c"
                " join intermediate.int_identity__records r using (record_id) group by 1 order by 1"
            ).fetchall()
            found = connection.execute(
                "select record_id, customer_id from identity.identity_clusters"
            ).fetchall()
        for table in ("contacts", "lapsed"):
            self.world.people(table, rows)
        self.world.consent(*(customer for customer, _ in rows))
        return dict(found)

    def decide(self, left: str, right: str, decision: str) -> None:
        with self.world.state() as state:
            state.execute(
                "insert into identity.decisions values (?, ?, ?, ?, ?, 'owner', null)",
                [f"{self.night}", left, right, decision, NOW + timedelta(days=self.night)],
            )


@pytest.fixture
def house(world) -> House:
    return House(world)


def test_a_wrong_merge_taken_apart_reaches_the_tools_as_one_more_person_and_stays(house, contacts, lapsed):
    world = house.world
    found = house.pass_a_night([MOTHER, DAUGHTER, BEN])
    merged = found[MOTHER[0]]
    assert merged == found[DAUGHTER[0]] != found[BEN[0]]
    world.run(contacts, lapsed)
    assert world.subscribed() == {"anna@example.com", "ben@example.com"}

    house.decide(MOTHER[0], DAUGHTER[0], "cannot_link")
    halves = house.pass_a_night([MOTHER, DAUGHTER, BEN])
    assert halves[MOTHER[0]] != halves[DAUGHTER[0]] and merged in halves.values()
    sent = len(world.writes())
    for result in world.run(contacts, lapsed):
        assert (result.added, result.updated, result.removed, result.unchanged) == (1, 0, 0, 2)
    everybody = {"anna@example.com", "annie@example.com", "ben@example.com"}
    assert world.subscribed() == world.segment("Lapsed buyers") == everybody
    assert len(world.writes()) == sent + 2  # one contact, one membership

    records = [MOTHER, DAUGHTER, BEN]
    for night in range(10):
        key = str(10 + night)
        records.append((f"shopify_customers:{key}", "shopify_customers", key, f"guest{night}", "verity", f"g{key}@example.com", None))  # fmt: skip
        found = house.pass_a_night(records)
        assert (found[MOTHER[0]], found[DAUGHTER[0]]) == (halves[MOTHER[0]], halves[DAUGHTER[0]])
        for result in world.run(contacts, lapsed):
            assert (result.added, result.updated, result.removed) == (1, 0, 0)
    assert everybody < world.subscribed() and len(world.subscribed()) == 13


def test_a_decision_that_joins_two_customers_takes_one_away(house, contacts, lapsed):
    world = house.world
    strangers = [MOTHER, (*DAUGHTER[:3], "joanna", *DAUGHTER[4:6], None), BEN]
    found = house.pass_a_night(strangers)
    assert found[MOTHER[0]] != found[DAUGHTER[0]]
    world.run(contacts, lapsed)
    house.decide(MOTHER[0], DAUGHTER[0], "must_link")
    house.pass_a_night(strangers)
    _, memberships = world.run(contacts, lapsed, confirmed=True)
    assert (memberships.added, memberships.removed, memberships.unchanged) == (0, 1, 2)
    assert world.segment("Lapsed buyers") == {"anna@example.com", "ben@example.com"}
