"""What people can do about a sync: see how it stands, retry, verify, reset, pause and resume it."""

import sqlite3
from contextlib import closing
from datetime import datetime

import pytest

from reverse_etl.controls import Controls
from reverse_etl.standing import read_standings
from reverse_etl.verification import verify_sync

NOW = datetime(2026, 10, 31, 12)
TEN = [(f"c_{number}", f"p{number}@x.org") for number in range(10)]
IDS = [customer for customer, _ in TEN]


@pytest.fixture
def ten(world):
    for table in ("contacts", "lapsed", "vips"):
        world.people(table, TEN)
    world.consent(*IDS)
    world.consent(*IDS, channel="ads")
    return world


def levers(world, sync):
    return Controls(world.state, sync.name, "mia", NOW)


def standing(world, sync):
    with world.state() as state:
        return read_standings(state, [sync])[0]


def audit(world):
    with world.state() as state:
        return state.execute("select command, sync, person, detail from activation.audit").fetchall()


def verify(world, sync):
    return verify_sync(world.warehouse, sync, world.accounts)


def at_mailchimp(world, sql):
    with closing(sqlite3.connect(world.doubles.state_path)) as connection, connection:
        connection.execute(sql)


def findings(verification):
    return [(row["finding"], row["record_key"], row["detail"]) for row in verification.findings]


def test_a_sync_says_what_to_do_next_from_its_first_day_on(ten, contacts):
    assert standing(ten, contacts).status == "never run"
    assert "cdp sync plan mailchimp_contacts" in standing(ten, contacts).next_step
    ten.run(contacts)
    now = standing(ten, contacts)
    assert (now.status, now.members, now.next_step) == ("sent", 10, "Nothing to do.")


def test_standing_names_refused_held_and_unanswered_people(ten, contacts, audience):
    ten.people("contacts", [*TEN[:8], ("c_8", "p8@fake.test"), ("c_no", "no@x.org")])
    ten.run(contacts)
    told = standing(ten, contacts)
    assert (told.status, told.members, told.dead_letters, told.refused) == ("problems", 8, 1, 1)
    assert "refused 1 person, most often: Mailchimp refused it (400)" in told.next_step
    assert "cdp sync retry mailchimp_contacts" in told.next_step
    ten.run(contacts, blocked={"mailchimp_contacts": "2 tests failed"})
    assert "Held because 2 tests failed" in standing(ten, contacts).next_step
    ten.fault(tool="meta", kind="server_error", times=3, path_part="/users")
    ten.run(audience)
    told = standing(ten, audience)
    assert (told.unanswered, told.next_step) == (
        10,
        "meta did not answer about 10 people; the next run sends them again.",
    )


def test_a_retry_sends_todays_value_and_only_who_may_still_be_sent(ten, contacts, monkeypatch):
    from sandbox.doubles import mailchimp

    wrong = mailchimp._wrong_member
    refusing = {f"p{number}@x.org" for number in range(4)}

    def refuse(body, wanted):
        if body["email_address"] in refusing:
            return mailchimp.problem(400, "Invalid Resource", "no")
        return wrong(body, wanted)

    monkeypatch.setattr(mailchimp, "_wrong_member", refuse)
    assert sum(ten.run(contacts).rejected.values()) == 4
    assert ten.run(contacts).operations == 0
    refusing -= {"p0@x.org", "p1@x.org", "p2@x.org"}
    ten.consent("c_1", status="denied")
    ten.people("contacts", [row for row in TEN if row[0] != "c_2"])
    assert ten.plan(contacts, retrying=True).counts.added == 2
    result = ten.run(contacts, retrying=True)
    assert (result.added, sum(result.rejected.values())) == (1, 1)
    assert "p0@x.org" in ten.subscribed()
    assert not ten.subscribed() & {"p1@x.org", "p2@x.org", "p3@x.org"}
    with ten.state() as state:
        attempts = state.execute(
            "select record_key, attempts from activation.dead_letters order by 1"
        ).fetchall()
    assert ("c_3", 2) in attempts
    assert ten.run(contacts).operations == 0
    refusing.clear()
    ten.people("contacts", [(*row, None, "Anna") for row in TEN if row[0] != "c_2"])
    assert ten.run(contacts, retrying=True).added == 1
    assert ten.mailchimp()["members"]["p3@x.org"]["merge_fields"] == {"FNAME": "Anna"}
    # who left or opted out is not a problem any more
    assert standing(ten, contacts).dead_letters == 0


def test_verifying_tells_missing_extra_and_different_and_changes_nothing(ten, contacts, lapsed, archive):
    ten.run(contacts, lapsed)
    assert verify(ten, contacts).is_clean
    archive(ten, "p0@x.org")
    at_mailchimp(ten, "delete from mailchimp_members where email = 'p1@x.org'")
    at_mailchimp(ten, "update mailchimp_members set status = 'unsubscribed' where email = 'p2@x.org'")
    at_mailchimp(
        ten, "update mailchimp_members set merge_fields = '{\"FNAME\": \"Zoe\"}' where email = 'p3@x.org'"
    )
    at_mailchimp(
        ten, "insert into mailchimp_members values ('5andb0x115', 'h', 'guest@x.org', 'subscribed', 0, '{}')"
    )
    with ten.state() as state:
        before = state.execute("select * from activation.acked order by all").fetchall()
    writes = len(ten.writes())
    found = verify(ten, contacts)
    assert (found.acknowledged, found.found, found.is_clean) == (10, 9, False)
    assert findings(found) == [
        ("different", "c_2", "unsubscribed there"),
        ("different", "c_3", "other values there: FNAME"),
        ("extra", None, "there, but not by our doing"),
        ("missing", "c_0", "acknowledged, but not there any more"),
        ("missing", "c_1", "acknowledged, but not there any more"),
    ]
    with ten.state() as state:
        assert state.execute("select * from activation.acked order by all").fetchall() == before
    assert len(ten.writes()) == writes


def test_segments_and_files_can_be_verified_and_ad_audiences_say_that_they_cannot(
    ten, contacts, lapsed, audience, vip_file
):
    assert "has not been filled yet" in verify(ten, lapsed).message
    ten.run(contacts, lapsed, audience, vip_file)
    assert verify(ten, lapsed).is_clean
    assert verify(ten, vip_file).is_clean
    assert "does not show who is in VIPs" in verify(ten, audience).message
    at_mailchimp(
        ten,
        "delete from mailchimp_segment_members where hash in "
        "(select hash from mailchimp_members where email = 'p4@x.org')",
    )
    assert findings(verify(ten, lapsed)) == [("missing", "c_4", "acknowledged, but not there any more")]
    written = ten.outbox / "vips.csv"
    lines = written.read_text().splitlines()
    written.write_text("\n".join([*lines[:-1], "c_x,x@x.org,"]))
    assert findings(verify(ten, vip_file)) == [
        ("extra", None, "there, but not by our doing"),
        ("missing", "c_9", "acknowledged, but not there any more"),
    ]


def test_verifying_reads_every_page(crowd, contacts, monkeypatch):
    from reverse_etl.destinations import mailchimp

    monkeypatch.setattr(mailchimp, "_PAGE", 40)
    crowd.people("contacts", TEN)
    crowd.consent(*IDS)
    crowd.run(contacts)
    found = verify(crowd, contacts)
    assert (found.found, found.count("extra"), found.is_clean) == (160, 150, True)


def test_a_reset_starts_a_new_baseline_that_removes_nobody(ten, contacts, lapsed):
    ten.run(contacts, lapsed)
    ten.people("lapsed", TEN[5:])
    lever = levers(ten, lapsed)
    assert lever.count_forgettable() == {"acknowledged": 10, "unanswered": 0, "refused": 0}
    assert lever.reset()["acknowledged"] == 10
    result = ten.run(lapsed)
    assert (result.added, result.removed) == (5, 0)
    assert len(ten.segment("Lapsed buyers")) == 10
    assert standing(ten, contacts).members == 10
    assert audit(ten) == [
        ("reset", "mailchimp_lapsed", "mia", "Forgot 10 acknowledged, 0 unanswered, 0 refused.")
    ]


def test_a_reset_never_brings_an_opt_out_back(ten, contacts, unsubscribe):
    ten.run(contacts)
    unsubscribe(ten, "p0@x.org")
    ten.consent("c_1", status="denied")
    levers(ten, contacts).reset()
    result = ten.run(contacts)
    assert (result.added, result.rejected) == (8, {"unsubscribed at destination": 1})
    assert "p0@x.org" not in ten.subscribed()


def test_a_paused_sync_lets_only_opt_outs_through_until_it_is_resumed(ten, contacts):
    ten.run(contacts)
    lever = levers(ten, contacts)
    lever.pause("campaign under review")
    ten.people("contacts", [*TEN[1:], ("c_new", "new@x.org")])
    ten.consent("c_new")
    ten.consent("c_5", status="denied")
    result = ten.run(contacts, confirmed=True)
    assert (result.status, result.added, result.removed) == ("held", 0, 1)
    assert "mia paused it on 2026-10-31 (campaign under review" in result.held_reason
    assert "p5@x.org" not in ten.subscribed()
    assert standing(ten, contacts).status == "paused"
    assert "campaign under review" in standing(ten, contacts).next_step
    assert lever.resume()
    assert not lever.resume()
    result = ten.run(contacts)
    assert (result.status, result.added, result.removed) == ("sent", 1, 1)
    assert [row[0] for row in audit(ten)] == ["pause", "resume"]


def test_a_retry_whose_answer_is_lost_is_sent_again_by_itself(ten, audience, monkeypatch):
    from sandbox.doubles import meta

    with monkeypatch.context() as patched:
        patched.setattr(meta, "_is_valid", lambda _person: False)
        assert sum(ten.run(audience).rejected.values()) == 10
    assert ten.run(audience).operations == 0
    ten.fault(tool="meta", kind="server_error", times=3, path_part="/users")
    assert ten.run(audience, retrying=True).failed == 10
    assert ten.run(audience).added == 10


def test_a_refusal_after_a_lost_answer_does_not_forget_that_somebody_may_be_there(ten, audience, monkeypatch):
    from sandbox.doubles import meta

    ten.fault(tool="meta", kind="drop_after_commit", times=3, path_part="/users")
    assert ten.run(audience).failed == 10
    with monkeypatch.context() as patched:
        patched.setattr(meta, "_is_valid", lambda _person: False)
        assert sum(ten.run(audience).rejected.values()) == 10
    ten.consent(*IDS[:5], channel="ads", status="denied")
    assert ten.run(audience).removed == 5
    assert len(ten.audience("VIPs")) == 5
