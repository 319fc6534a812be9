"""Every pretend tool through whole runs: people come, change their address, leave and withdraw, while the tool misbehaves."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from reverse_etl.contract import Readable
from reverse_etl.verification import verify_sync

PEOPLE = [(f"c_{number}", f"p{number}@x.org", f"+44791112345{number}", "Anna") for number in range(8)]
LATER = [*PEOPLE[:1], ("c_1", "new1@x.org", "+447911123459", "Anna"), *PEOPLE[3:]]  # c_1 moved, c_2 left
EXPECTED = {"p0@x.org", "new1@x.org", *(f"p{number}@x.org" for number in range(4, 8))}  # c_3 withdrew
PASSING = [
    {"kind": "rate_limited", "times": 3},
    {"kind": "rate_limited", "times": 1, "retry_after": 0.01},
    {"kind": "server_error", "times": 2},
    {"kind": "error_after_commit", "times": 1},
    {"kind": "drop_after_commit", "times": 2},
    {"kind": "slow", "times": 1, "seconds": 0.02},
]
LASTING = [
    {"kind": "token_expired", "times": 2},
    {"kind": "overloaded", "times": 1},
    {"kind": "nothing_processed", "times": 2},
    {"kind": "partial", "times": 1},
    {"kind": "audience_too_small", "times": 1},
]
JOBS = [
    {"kind": "job_slow", "times": 2},
    {"kind": "job_failed", "times": 1},
    {"kind": "drop_after_commit", "times": 1, "path_part": "job"},
]


@dataclass(frozen=True)
class Subject:
    """One object of one tool: how it is declared, what it rests on, and where the double shows who is in."""

    tool: str
    object: str
    shown: tuple[str, str]
    person: str = "email"
    fields: dict = field(default_factory=lambda: {"email": "email"})
    target: str = "VIPs"
    channel: str = "email"
    rests_on: str | None = None
    is_job: bool = False
    looks_up: bool = False

    def __str__(self):
        return f"{self.tool}/{self.object}"


CONTACTS = {
    "hubspot": ("contact", {"email": "email", "firstname": "first_name"}),
    "klaviyo": ("profile", {"email": "email", "first_name": "first_name"}),
    "customerio": ("person", {"email": "email", "first_name": "first_name"}),
}
SUBJECTS = [
    Subject("hubspot", "contact", ("contacts", "all"), fields=CONTACTS["hubspot"][1], looks_up=True),
    Subject("hubspot", "list_membership", ("lists", "VIPs"), rests_on="contact", looks_up=True),
    Subject(
        "klaviyo", "profile", ("lists", "VIPs"), fields=CONTACTS["klaviyo"][1], is_job=True, looks_up=True
    ),
    Subject("klaviyo", "list_membership", ("lists", "VIPs"), rests_on="profile", looks_up=True),
    Subject(
        "sendgrid",
        "contact",
        ("lists", "VIPs"),
        fields={"email": "email", "first_name": "first_name"},
        is_job=True,
    ),
    Subject("customerio", "person", ("people", "all"), person="id", fields=CONTACTS["customerio"][1]),
    Subject(
        "customerio", "segment_membership", ("segments", "2"), person="id", target="2", rests_on="person"
    ),
    Subject(
        "google", "user_list", ("user lists", "VIPs"), fields={"email": "email"}, channel="ads", is_job=True
    ),
]
# what the answer's status alone decides, before either object of a tool sees it (both classify alike)
BY_STATUS = {"rate_limited", "server_error", "slow", "token_expired", "overloaded"}


def is_told_apart(subject, fault):
    """Whether this object could come out of the fault otherwise than others."""
    kind = fault["kind"] if fault else None
    # Customer.io's answer to a success is an empty one, so nothing can tell it from nothing done
    if subject.tool == "customerio" and kind == "nothing_processed":
        return False
    return subject.rests_on is None or kind not in BY_STATUS


CASES = [
    (subject, fault)
    for subject in SUBJECTS
    for fault in [None, *PASSING, *LASTING, *(JOBS if subject.is_job else [])]
    if is_told_apart(subject, fault)
]


@pytest.fixture
def stage(world, declare):
    """A sync of a subject, its people in place, and those of the object that it rests on."""

    def set_up(subject):
        world.people("people", PEOPLE)
        world.consent(*(customer for customer, *_ in PEOPLE), channel=subject.channel)
        if subject.rests_on:
            contact, fields = CONTACTS[subject.tool]
            under = declare("under", subject.tool, contact, "under", "Everybody", fields=fields)
            everybody = {row[0]: row for row in [*PEOPLE, ("c_9", "new1@x.org", None, "Anna")]}
            world.people("under", list(everybody.values()))
            world.consent("c_9")
            assert world.run(under).status == "sent"
        return declare(
            "subject",
            subject.tool,
            subject.object,
            "people",
            subject.target,
            fields=subject.fields,
            channel=subject.channel,
            minimum_size=0,
        )

    return set_up


def members(world, subject):
    kind, name = subject.shown
    return {
        person[subject.person] for person in world.ask("/_state")[subject.tool].get(kind, {}).get(name, [])
    }


def expected(subject, people=None):
    chosen = EXPECTED if people is None else {row[1] for row in people}
    if subject.person == "id":
        moved = {"new1@x.org": "c_1"}
        return {moved.get(email) or f"c_{email[1]}" for email in chosen}
    if subject.tool == "google":
        import hashlib

        return {hashlib.sha256(email.encode()).hexdigest() for email in chosen}
    return set(chosen)


@pytest.mark.parametrize(
    ("subject", "fault"), CASES, ids=lambda item: item["kind"] if isinstance(item, dict) else str(item)
)
def test_after_a_fault_the_tool_holds_exactly_the_right_people(world, stage, subject, fault):
    sync = stage(subject)
    if fault:
        world.fault(tool=subject.tool, **fault)
    first = world.run(sync)
    if fault is None:
        assert (first.status, first.added) == ("sent", 8)
        assert members(world, subject) == expected(subject, PEOPLE)
    recover(world, sync, first)
    assert members(world, subject) == expected(subject, PEOPLE)
    world.people("people", LATER)
    world.consent("c_3", status="denied", channel=subject.channel)
    if fault:
        world.fault(tool=subject.tool, **fault)
    recover(world, sync, world.run(sync))
    assert members(world, subject) == expected(subject)
    assert world.run(sync).operations == 0
    if fault is None and isinstance(sync.plugin, Readable):
        assert verify_sync(world.warehouse, sync, world.accounts).is_clean
    with world.state() as state:
        open_ends = "select count(*) from activation.op_journal where state in ('sent', 'unknown', 'pending')"
        assert state.execute(open_ends).fetchone() == (0,)


def recover(world, sync, result):
    """The undisturbed run after one that did not end well; one that did has left nothing to do."""
    calm(world)
    if result.status not in ("sent", "nothing to send"):
        world.run(sync, retrying=True)


def calm(world):
    """No fault is left over for the undisturbed run."""
    with closing(sqlite3.connect(world.doubles.state_path)) as connection, connection:
        connection.execute("delete from faults")


@pytest.mark.parametrize("subject", [subject for subject in SUBJECTS if subject.looks_up], ids=str)
def test_what_a_lookup_does_not_show_yet_is_sent_or_waits(world, stage, subject):
    sync = stage(subject)
    world.fault(tool=subject.tool, kind="not_yet_visible", times=1)
    world.run(sync)
    calm(world)
    world.run(sync)
    assert members(world, subject) == expected(subject, PEOPLE)


def suppress(world, sql):
    with closing(sqlite3.connect(world.doubles.state_path)) as connection, connection:
        connection.execute(sql)


@pytest.mark.parametrize(
    ("subject", "sql"),
    [
        (SUBJECTS[0], "update hubspot_contacts set opted_out = 1 where email = 'p0@x.org'"),
        (SUBJECTS[1], "update hubspot_contacts set opted_out = 1 where email = 'p0@x.org'"),
        (SUBJECTS[2], "update klaviyo_profiles set suppressed = 1 where email = 'p0@x.org'"),
        (SUBJECTS[3], "update klaviyo_profiles set suppressed = 1 where email = 'p0@x.org'"),
    ],
    ids=str,
)
def test_who_unsubscribed_at_the_tool_is_not_written_to_again(world, stage, subject, sql):
    sync = stage(subject)
    if not subject.rests_on:
        world.run(sync)
        world.people("people", [(*row[:3], "Anne") for row in PEOPLE])
    suppress(world, sql)
    if subject.tool == "klaviyo":  # who has not been heard of yet is seen when they are looked up
        world.fault(tool="klaviyo", kind="nothing_processed", method="GET", path_part="/api/profiles")
    result = world.run(sync)
    assert result.rejected == {"unsubscribed at destination": 1}
    assert result.added + result.updated == 7
    if subject.rests_on:
        assert members(world, subject) == expected(subject, PEOPLE[1:])


def test_an_expired_google_token_is_fetched_anew_within_the_run(world, stage):
    subject = SUBJECTS[-1]
    sync = stage(subject)
    world.run(sync)
    world.people("people", LATER)
    world.fault(tool="google", kind="token_expired", times=1, path_part="audienceMembers")
    assert world.run(sync).status == "sent"


def test_a_list_that_filters_fill_is_left_alone(world, stage):
    sync = stage(SUBJECTS[1])
    suppress(world, "insert into hubspot_lists (name, processing) values ('VIPs', 'DYNAMIC')")
    result = world.run(sync)
    assert result.status == "failed"
    assert "filled by its own filters" in result.message


def test_a_segment_of_customer_io_must_be_a_number(world, stage):
    result = world.run(stage(SUBJECTS[6]).model_copy(update={"target": "VIPs"}))
    assert result.status == "failed"
    assert "known by number" in result.message


def test_a_person_whose_row_is_refused_is_named_and_the_others_arrive(world, declare):
    """Each tool that names rows, by address, by trace, by place in the batch or in a file of errors."""
    rows = [*PEOPLE[:3], ("c_bad", "bad@fake.test", None, "Bad")]
    for subject in SUBJECTS:
        if subject.rests_on or subject.tool == "google":
            continue
        world.people("people", rows)
        world.consent(*(row[0] for row in rows))
        sync = declare(
            f"to_{subject.tool}",
            subject.tool,
            subject.object,
            "people",
            subject.target,
            fields=subject.fields,
        )
        result = world.run(sync)
        assert (subject.tool, result.added, sum(result.rejected.values())) == (subject.tool, 3, 1)
        assert all("@" not in reason for reason in result.rejected)
        with world.state() as state:
            letter = "select record_key from activation.dead_letters where sync = ?"
            assert state.execute(letter, [f"to_{subject.tool}"]).fetchall() == [("c_bad",)]


def test_a_webhook_is_signed_and_never_called_twice_for_one_event(world, declare):
    world.people("people", PEOPLE[:4])
    world.consent(*(row[0] for row in PEOPLE))
    sync = declare(
        "calls", "webhook", "call", "people", "VIPs", fields={"email": "email", "name": "first_name"}
    )
    world.fault(tool="webhook", kind="drop_after_commit", times=1)
    world.fault(tool="webhook", kind="rate_limited", times=2)
    result = world.run(sync)
    assert (result.added, result.failed) == (3, 1)
    calls = world.ask("/_state")["webhook"]["calls"]["all"]
    assert sorted(call["person"] for call in calls) == ["c_0", "c_1", "c_2", "c_3"]
    again = world.run(sync)
    assert again.operations == 0
    assert sum(again.refused.values()) == 1
    assert all(call["times"] == 1 for call in world.ask("/_state")["webhook"]["calls"]["all"])


def test_a_wrong_signature_is_noticed_by_the_receiver(world, declare, monkeypatch):
    from reverse_etl.signing import StandardWebhook

    world.people("people", PEOPLE[:1])
    world.consent("c_0")
    account = world.accounts.find("webhook")
    monkeypatch.setattr(account.auth, "_key", b"another key that is long enough")
    result = world.run(declare("calls", "webhook", "call", "people", "VIPs", fields={"email": "email"}))
    assert result.is_destination_stopped
    assert isinstance(account.auth, StandardWebhook)
