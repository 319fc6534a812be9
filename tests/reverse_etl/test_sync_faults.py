"""Destinations that misbehave: limits, failures, cut connections, empty successes, bad rows, refused keys."""

import sqlite3
from contextlib import closing

import pytest

PEOPLE = [(f"c_{number}", f"p{number}@x.org") for number in range(8)]
IDS = [customer for customer, _ in PEOPLE]
EMAILS = {email for _, email in PEOPLE}


@pytest.fixture
def ready(world):
    world.people("contacts", PEOPLE)
    world.people("vips", PEOPLE)
    world.consent(*IDS)
    world.consent(*IDS, channel="ads")
    return world


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "rate_limited", "times": 7},
        {"kind": "rate_limited", "times": 2, "retry_after": 0.01},
        {"kind": "overloaded", "times": 7},
        {"kind": "server_error", "times": 2},
        {"kind": "error_after_commit", "times": 1, "method": "PUT"},
        {"kind": "drop_after_commit", "times": 1, "method": "PUT"},
        {"kind": "slow", "times": 1, "seconds": 0.05},
    ],
    ids=lambda fault: fault["kind"],
)
def test_passing_faults_end_with_exactly_the_right_members(ready, contacts, fault):
    ready.fault(tool="mailchimp", **fault)
    result = ready.run(contacts)
    assert (result.status, result.added, result.failed) == ("sent", 8, 0)
    assert ready.subscribed() == EMAILS
    assert ready.run(contacts).operations == 0


def test_being_told_to_slow_down_uses_up_no_attempt(ready, audience):
    ready.fault(tool="meta", kind="rate_limited", times=6, method="POST", path_part="/users")
    assert ready.run(audience).added == 8


@pytest.mark.parametrize("kind", ["nothing_processed", "server_error", "drop_after_commit"])
def test_what_was_not_acknowledged_is_sent_again_by_the_next_run(ready, audience, kind):
    ready.fault(tool="meta", kind=kind, times=3, path_part="/users")
    result = ready.run(audience)
    assert (result.status, result.added, result.failed) == ("problems", 0, 8)
    assert "8 changes had no answer" in result.message
    again = ready.run(audience, confirmed=True)
    while again.failed:
        again = ready.run(audience)
    assert (again.status, again.added) == ("sent", 8)
    assert len(ready.audience("VIPs")) == 8
    assert ready.run(audience).operations == 0


def test_an_unanswered_addition_of_somebody_who_then_leaves_is_removed(ready, audience):
    ready.fault(tool="meta", kind="drop_after_commit", times=3, path_part="/users")
    assert ready.run(audience).failed == 8
    assert len(ready.audience("VIPs")) == 8
    ready.people("vips", PEOPLE[:6])
    result = ready.run(audience)
    assert (result.added, result.removed) == (6, 2)
    assert len(ready.audience("VIPs")) == 6


def test_one_bad_row_is_found_by_halving_and_the_others_arrive(ready, lapsed, audience, monkeypatch):
    from sandbox.doubles import meta

    is_valid = meta._is_valid
    ready.run(audience.model_copy(update={"target": "probe"}))
    bad = ready.audience("probe")[3]["EMAIL"]
    monkeypatch.setattr(meta, "_is_valid", lambda person: is_valid(person) and person["EMAIL"] != bad)
    result = ready.run(audience, confirmed=True)
    assert (result.added, sum(result.rejected.values())) == (7, 1)
    assert len(ready.audience("VIPs")) == 7
    again = ready.run(audience)
    assert again.operations == 0
    assert again.refused == {"was refused by the destination before and has not changed since": 1}


def test_a_row_mailchimp_refuses_does_not_stop_the_others_and_is_tried_again_when_it_changes(world, contacts):
    world.people("contacts", [("c_a", "anna@x.org"), ("c_b", "ben@fake.test")])
    world.consent("c_a", "c_b")
    result = world.run(contacts)
    assert result.added == 1
    assert list(result.rejected) == [
        "Mailchimp refused it (400): Invalid Resource <address> looks fake or invalid, please enter a real email address."
    ]
    with world.state() as state:
        letter = state.execute("select record_key, reason, attempts from activation.dead_letters").fetchall()
    assert letter[0][0] == "c_b"
    assert "ben@" not in letter[0][1]
    assert world.run(contacts).operations == 0
    world.people("contacts", [("c_a", "anna@x.org"), ("c_b", "ben@x.org")])
    assert world.run(contacts).added == 1
    assert world.subscribed() == {"anna@x.org", "ben@x.org"}


def test_a_member_that_is_no_contact_yet_is_tried_again(world, contacts, lapsed):
    world.people("lapsed", [("c_a", "anna@x.org")])
    world.people("contacts", [("c_a", "anna@x.org")])
    world.consent("c_a")
    assert list(world.run(lapsed).rejected) == ["Mailchimp: Email address isn't on the list."]
    assert [result.added for result in world.run(contacts, lapsed)] == [1, 1]


def test_a_refused_key_stops_its_destination_only(ready, contacts, lapsed, vip_file):
    ready.people("lapsed", PEOPLE)
    ready.fault(tool="mailchimp", kind="token_expired", times=1)
    files, first, second = ready.run(contacts, lapsed, vip_file)
    assert files.added == 8
    assert (first.status, first.is_destination_stopped, first.waiting) == ("failed", True, 8)
    assert "check the key or token in CDP_MAILCHIMP_*" in first.message
    assert (second.status, second.waiting) == ("failed", 8)
    assert "sandbox-key" not in str(first) + str(second) + repr(ready.accounts.find("mailchimp"))
    assert [result.added for result in ready.run(contacts, lapsed)] == [8, 8]


def test_an_audience_locked_by_meta_fails_alone_and_says_what_to_do(ready, audience):
    other = audience.model_copy(update={"name": "meta_other", "target": "Other"})
    ready.run(audience)
    with closing(sqlite3.connect(ready.doubles.state_path)) as connection, connection:
        connection.execute("update meta_audiences set operation_status = 471 where name = 'VIPs'")
    ready.people("vips", PEOPLE[1:])
    fine, locked = ready.run(audience, other)
    assert (fine.status, locked.status, locked.waiting) == ("sent", "failed", 1)
    assert "has locked this audience" in locked.message
    assert not locked.is_destination_stopped


def test_a_destination_that_is_down_is_given_up_after_three_waves(ready, contacts, monkeypatch):
    from reverse_etl.destinations import mailchimp

    small = mailchimp.CONTACT_SPEC
    monkeypatch.setattr(mailchimp.Contacts, "spec", type(small)(**{**_facts(small), "wave": 1}))
    ready.run(contacts.model_copy(update={"name": "other"}), blocked={"other": "x"})
    ready.fault(tool="mailchimp", kind="server_error", times=1000, path_part="/members/")
    result = ready.run(contacts)
    assert (result.failed, result.waiting, result.added) == (3, 5, 0)


def test_a_full_disk_leaves_the_old_file_whole(ready, vip_file, monkeypatch):
    from reverse_etl import transport

    ready.run(vip_file)
    before = (ready.outbox / "vips.csv").read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(transport.os, "fsync", full)
    ready.people("vips", PEOPLE[1:])
    result = ready.run(vip_file)
    assert result.failed == 1
    assert "No space left on device" in result.message
    assert (ready.outbox / "vips.csv").read_bytes() == before
    assert [file.name for file in ready.outbox.iterdir()] == ["vips.csv"]


def _facts(spec):
    return {name: getattr(spec, name) for name in spec.__dataclass_fields__}
