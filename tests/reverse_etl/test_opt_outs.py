"""Somebody unsubscribes at a tool: the next run hears of it, every tool loses them, and nobody adds them back."""

import sqlite3
from contextlib import closing
from datetime import datetime

import pytest

from reverse_etl.connecting import load_accounts
from reverse_etl.contract import OptOut
from reverse_etl.opt_outs import record

PEOPLE = [(f"c_{number}", f"p{number}@x.org") for number in range(4)]
EVERYBODY = {email for _, email in PEOPLE}
AT = int(datetime(2026, 10, 30).timestamp())
SENDGRID = "insert into sendgrid_suppressions (email, kind, group_name, created) values"
# tool → its object, its target, where the double shows who is in, and how p0 leaves
TOOLS = {
    "sendgrid": ("contact", "VIPs", ("lists", "VIPs", "email")),
    "klaviyo": ("profile", "VIPs", ("lists", "VIPs", "email")),
    "customerio": ("segment_membership", "2", ("segments", "2", "id")),
}
WAYS = [
    ("sendgrid", f"{SENDGRID} ('P0@x.org', 'unsubscribes', '', {AT})", "unsubscribed from everything at SendGrid"),
    ("sendgrid", f"{SENDGRID} ('p0@x.org', 'spam_reports', '', {AT})", "reported a mail as spam at SendGrid"),
    ("sendgrid", f"{SENDGRID} ('p0@x.org', 'group', 'Weekly news', {AT})", "unsubscribed from Weekly news at SendGrid"),
    ("klaviyo", "update klaviyo_profiles set suppressed = 1 where email = 'p0@x.org'", "was suppressed by hand at Klaviyo"),
    ("customerio", "update customerio_people set unsubscribed = 1 where id = 'c_0'", "unsubscribed at Customer.io"),
]  # fmt: skip


def at_the_tool(world, sql):
    with closing(sqlite3.connect(world.doubles.state_path)) as connection, connection:
        connection.executescript(sql)


def statements(world):
    with world.state() as state:
        return state.execute(
            "select identifier_type, identifier_value, channel, source, proof, stated_at from platform.consent_log order by all"
        ).fetchall()


@pytest.fixture
def shop(world, declare, contacts):
    """The same four people at a tool, at Mailchimp and in a file."""

    def open_shop(tool):
        for table in ("people", "contacts", "vips"):
            world.people(table, PEOPLE)
        world.consent(*(customer for customer, _ in PEOPLE))
        kind, target, _ = TOOLS[tool]
        there = declare("there", tool, kind, "people", target, fields={"email": "email"})
        file = declare("file", "files", "file", "vips", "vips", fields={"customer_id": "customer_id"})
        syncs = [there, contacts, file]
        if tool == "customerio":
            person = declare("person", tool, "person", "people", "People", fields={"email": "email"})
            syncs.insert(0, person.model_copy(update={"mode": "upsert"}))
        assert {result.status for result in world.run(*syncs)} == {"sent"}
        return syncs

    return open_shop


def who_is_there(world, tool):
    kind, name, field = TOOLS[tool][2]
    return {person[field] for person in world.ask("/_state")[tool].get(kind, {}).get(name, [])}


def in_the_file(world):
    return set((world.outbox / "vips.csv").read_text().split()[1:])


@pytest.mark.parametrize(("tool", "sql", "proof"), WAYS, ids=lambda value: value.replace(" ", "_")[:40])
def test_who_unsubscribes_at_one_tool_is_taken_out_of_all_and_never_added_back(world, shop, tool, sql, proof):
    syncs = shop(tool)
    at_the_tool(world, sql)
    results = world.run(*syncs)
    assert {result.status for result in results} <= {"sent", "nothing to send"}
    known = {(kind, value, source, told) for kind, value, _, source, told, _ in statements(world)}
    assert ("email", "p0@x.org", tool, proof) in known
    assert (
        who_is_there(world, tool) == {"c_1", "c_2", "c_3"}
        if tool == "customerio"
        else EVERYBODY - {"p0@x.org"}
    )
    assert world.subscribed() == EVERYBODY - {"p0@x.org"}
    assert in_the_file(world) == {"c_1", "c_2", "c_3"}
    heard = statements(world)
    for table in ("people", "contacts", "vips"):
        world.people(table, [(*row, None, "Changed") for row in PEOPLE])
    world.run(*syncs, retrying=True)
    assert world.subscribed() == EVERYBODY - {"p0@x.org"}
    assert in_the_file(world) == {"c_1", "c_2", "c_3"}
    assert statements(world) == heard


def test_whom_removing_would_forget_stays_with_their_opt_out(world, shop):
    """Deleting a person at Customer.io would delete `unsubscribed` too, and the next sign-up form would write to them."""
    syncs = shop("customerio")
    at_the_tool(world, "update customerio_people set unsubscribed = 1 where id = 'c_0'")
    world.run(*syncs)
    people = world.ask("/_state")["customerio"]["people"]["all"]
    assert {person["id"] for person in people} == {"c_0", "c_1", "c_2", "c_3"}
    world.people("people", [(*row, None, "Changed") for row in PEOPLE])
    before = len(world.writes())
    world.run(*syncs)
    sent = [row["body"] for row in world.writes()[before:] if row["path"].endswith("/batch")]
    assert "c_0" not in str(sent)


def test_who_agrees_again_afterwards_is_sent_again_until_they_leave_anew(world, shop):
    """A tool without dates: somebody counts as leaving when they were not out the time before."""
    syncs = shop("customerio")
    flag = "update customerio_people set unsubscribed = {} where id = 'c_0'".format
    at_the_tool(world, flag(1))
    world.run(*syncs)
    world.consent("c_0", at=datetime(2026, 10, 31, 13))
    world.run(*syncs)
    assert world.subscribed() == EVERYBODY
    at_the_tool(world, flag(0))
    world.run(*syncs)
    assert world.subscribed() == EVERYBODY
    with world.state() as state:
        heard = [OptOut("email", "p0@x.org", None, "unsubscribed at Customer.io")]
        assert record(state, "customerio", "sandbox-site", heard, datetime(2026, 10, 31, 14)) == 1
        assert record(state, "customerio", "sandbox-site", heard, datetime(2026, 10, 31, 15)) == 0
    world.run(syncs[2])
    assert world.subscribed() == EVERYBODY - {"p0@x.org"}


@pytest.mark.parametrize(
    ("tool", "count", "sql"),
    [
        ("sendgrid", 1100, f"{SENDGRID} ('s' || ? || '@x.org', 'unsubscribes', '', {AT})"),
        ("klaviyo", 250, "insert into klaviyo_profiles (email, attributes, suppressed) values ('s' || ? || '@x.org', '{\"email\": \"s' || ? || '@x.org\"}', 1)"),
        ("customerio", 2100, "insert into customerio_people values ('s' || ?, '{\"email\": \"s' || ? || '@x.org\"}', 1)"),
    ],
)  # fmt: skip
def test_every_page_is_read(world, shop, tool, count, sql):
    syncs = shop(tool)
    with closing(sqlite3.connect(world.doubles.state_path)) as connection, connection:
        connection.executemany(sql, [[number] * sql.count("?") for number in range(count)])
    world.run(*syncs)
    with world.state() as state:
        found = state.execute(
            "select count(distinct identifier_value) from platform.consent_log where identifier_type = 'email'"
        ).fetchone()
    assert found == (count,)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_that_cannot_be_asked_is_named_and_everything_else_goes_on(world, shop, tool):
    syncs = shop(tool)
    part = {"sendgrid": "/v3/suppression", "klaviyo": "/api/profiles", "customerio": "/v1/customers"}[tool]
    world.fault(tool=tool, kind="token_expired", path_part=part)
    for table in ("people", "contacts"):
        world.people(table, [*PEOPLE, ("c_9", "p9@x.org")])
    world.consent("c_9")
    results = {result.sync: result for result in world.run(*syncs)}
    assert results["there"].status == "problems"
    assert results["there"].added == 1
    assert "could not be asked who unsubscribed there" in results["there"].message
    assert results["mailchimp_contacts"].status == "sent"


def test_customer_io_without_the_key_that_may_ask_says_so(world, shop):
    syncs = shop("customerio")
    environment = {
        name: value for name, value in world.doubles.environment.items() if "APP_API_KEY" not in name
    }
    world.accounts = load_accounts(world.outbox, environment).mounted_on(world.doubles.transport)
    result = world.run(*syncs)[0]
    assert "set CDP_CUSTOMERIO_APP_API_KEY" in result.message


def test_an_opt_out_is_heard_even_when_nothing_of_that_tool_is_sent_now(world, shop):
    """`cdp sync apply mailchimp_contacts` alone asks the others too."""
    syncs = shop("sendgrid")
    at_the_tool(world, WAYS[0][1])
    world.run(syncs[1], declared=syncs)
    assert world.subscribed() == EVERYBODY - {"p0@x.org"}


def test_a_run_that_pretends_to_be_later_does_not_make_the_next_one_ask_too_late(memory):
    told = [OptOut("email", "p0@x.org", datetime(2026, 10, 30), "unsubscribed from everything at SendGrid")]
    with memory.state() as state:
        assert record(state, "sendgrid", "sandbox", told, datetime(2099, 1, 1)) == 1
        [(read_at,)] = state.execute("select read_at from activation.opt_outs_read").fetchall()
        assert read_at < datetime(2099, 1, 1)
        assert record(state, "sendgrid", "sandbox", told, datetime(2099, 1, 2)) == 0


def test_an_address_that_a_tool_spells_otherwise_is_that_of_the_person(memory):
    """`int_consent__recorded` finds people by the address as the sources' are standardised."""
    told = [
        OptOut("email", " <P0@X.org.> ", datetime(2026, 10, 30), "unsubscribed from everything at SendGrid")
    ]
    with memory.state() as state:
        record(state, "sendgrid", "sandbox", told, datetime(2026, 10, 31))
        assert state.execute("select identifier_value from platform.consent_log").fetchall() == [
            ("p0@x.org",)
        ]
