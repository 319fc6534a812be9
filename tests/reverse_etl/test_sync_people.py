"""People change: addresses, merges, shared addresses, late opt-outs, and what the destination says about them."""

import hashlib
from datetime import datetime

ANNA, BEN = ("c_a", "anna@example.com"), ("c_b", "ben@example.com")


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_changed_email_is_removed_and_added(world, contacts, lapsed):
    for table in ("contacts", "lapsed"):
        world.people(table, [ANNA, BEN])
    world.consent("c_a", "c_b")
    world.run(contacts, lapsed)
    for table in ("contacts", "lapsed"):
        world.people(table, [("c_a", "anna.new@example.com"), BEN])
    for result in world.run(contacts, lapsed):
        assert (result.added, result.removed, result.unchanged) == (1, 1, 1)
    assert world.subscribed() == {"anna.new@example.com", "ben@example.com"}
    assert world.segment("Lapsed buyers") == {"anna.new@example.com", "ben@example.com"}
    assert [result.operations for result in world.run(contacts, lapsed)] == [0, 0]


def test_a_merged_customer_takes_over_without_a_removal(world, lapsed, contacts):
    for table in ("contacts", "lapsed"):
        world.people(table, [ANNA, BEN])
    world.consent("c_a", "c_b", "c_merged")
    world.run(contacts, lapsed)
    sent = len(world.writes())
    for table in ("contacts", "lapsed"):
        world.people(table, [("c_merged", "anna@example.com"), BEN])
    assert [result.operations for result in world.run(contacts, lapsed)] == [0, 0]
    assert len(world.writes()) == sent
    with world.state() as state:
        owners = state.execute("select distinct record_key from activation.acked order by 1").fetchall()
    assert owners == [("c_b",), ("c_merged",)]
    for table in ("contacts", "lapsed"):
        world.people(table, [BEN])
    world.run(contacts, lapsed)
    assert world.segment("Lapsed buyers") == world.subscribed() == {"ben@example.com"}


def test_a_shared_address_is_sent_once_and_leaves_with_its_last_owner(world, lapsed, contacts):
    shared = [("c_a", "home@example.com"), ("c_b", "home@example.com")]
    world.people("contacts", shared)
    world.people("lapsed", shared)
    world.consent("c_a", "c_b")
    result = world.run(contacts, lapsed)[1]
    assert result.added == 1
    assert result.refused == {"shares the address with another customer of this sync, who is sent instead": 1}
    world.people("lapsed", shared[1:])
    assert world.run(lapsed).operations == 0
    world.people("lapsed", [])
    world.run(lapsed, confirmed=True)
    assert world.segment("Lapsed buyers") == set()


def test_removing_one_person_never_takes_another_with_the_same_phone(world, audience):
    phone = "+442079460018"
    family = [("c_a", "anna@example.com", phone), ("c_b", "ben@example.com", phone)]
    world.people("vips", family)
    world.consent("c_a", "c_b", channel="ads")
    world.run(audience)
    world.people("vips", family[1:])
    result = world.run(audience)
    assert (result.removed, result.unchanged) == (1, 1)
    assert [row["EMAIL"] for row in world.audience("VIPs")] == [sha256("ben@example.com")]


def test_consent_withdrawn_after_the_models_were_built_is_obeyed(world, lapsed, contacts):
    world.people("contacts", [ANNA, BEN])
    world.consent("c_a", "c_b", at=datetime(2026, 5, 1))
    world.say("customer_id", "c_a")
    world.say("email", "ben@example.com", at=datetime(2026, 4, 1))
    result = world.run(contacts)
    assert result.refused == {"has withdrawn consent since the models were built": 1}
    assert world.subscribed() == {"ben@example.com"}


def test_consent_is_looked_at_once_more_when_sending(world, vip_file, monkeypatch):
    from reverse_etl import runner

    world.people("vips", [ANNA, BEN])
    world.consent("c_a", "c_b")
    plan_sync = runner.plan_sync

    def plan_then_withdraw(*arguments, **options):
        plan = plan_sync(*arguments, **options)
        world.say("email", "anna@example.com")
        return plan

    monkeypatch.setattr(runner, "plan_sync", plan_then_withdraw)
    result = world.run(vip_file)
    assert (result.added, result.refused) == (1, {"has withdrawn consent since the plan was made": 1})
    assert "anna" not in (world.outbox / "vips.csv").read_text()


def test_somebody_unsubscribed_at_mailchimp_is_never_resurrected(seeded, contacts, lapsed):
    people = [("c_in", "in@x.org"), ("c_out", "out@x.org"), ("c_dead", "dead@x.org")]
    seeded.people("contacts", people)
    seeded.people("lapsed", people)
    seeded.consent("c_in", "c_out", "c_dead")
    first, members = seeded.run(contacts, lapsed)
    assert (first.status, first.added, first.rejected) == ("sent", 1, {"unsubscribed at destination": 2})
    assert members.refused == {"has withdrawn consent since the models were built": 2}
    statuses = {email: member["status"] for email, member in seeded.mailchimp()["members"].items()}
    assert statuses == {"in@x.org": "subscribed", "out@x.org": "unsubscribed", "dead@x.org": "cleaned"}
    assert seeded.segment("Lapsed buyers") == {"in@x.org"}
    assert not any("out@x.org" in str(row["body"]) for row in seeded.writes())
    assert [result.operations for result in seeded.run(contacts, lapsed)] == [0, 0]
    with seeded.state() as state:
        told = state.execute(
            "select identifier_value, status, source from platform.consent_log order by 1"
        ).fetchall()
    assert told == [("dead@x.org", "denied", "mailchimp"), ("out@x.org", "denied", "mailchimp")]


def test_an_opt_out_at_mailchimp_after_we_added_somebody_comes_back_and_stays(world, contacts, unsubscribe):
    world.people("contacts", [(*ANNA, None, "Anna")])
    world.consent("c_a")
    world.run(contacts)
    unsubscribe(world, "anna@example.com")
    world.people("contacts", [(*ANNA, None, "Annie")])
    assert world.run(contacts).rejected == {"unsubscribed at destination": 1}
    result = world.run(contacts)
    assert (result.removed, result.refused) == (1, {"has withdrawn consent since the models were built": 1})
    # archiving would have hidden the opt-out
    assert world.mailchimp()["members"]["anna@example.com"]["status"] == "unsubscribed"
    assert world.run(contacts).operations == 0


def test_contacts_that_were_there_before_us_are_not_archived_when_they_leave(seeded, contacts):
    seeded.people("contacts", [("c_in", "in@x.org"), ("c_new", "new@x.org")])
    seeded.consent("c_in", "c_new")
    assert seeded.run(contacts).added == 2
    seeded.people("contacts", [])
    seeded.run(contacts, confirmed=True)
    assert seeded.subscribed() == {"in@x.org"}


def test_a_withdrawal_archives_even_a_contact_that_was_there_before_us(seeded, contacts):
    seeded.people("contacts", [("c_in", "in@x.org")])
    seeded.consent("c_in")
    seeded.run(contacts)
    seeded.consent("c_in", status="denied")
    assert seeded.run(contacts).removed == 1
    assert seeded.subscribed() == set()


def test_a_contact_archived_by_hand_is_not_put_back_and_one_archived_by_us_is(world, contacts, archive):
    world.people("contacts", [ANNA, BEN])
    world.consent("c_a", "c_b")
    world.run(contacts)
    archive(world, "anna@example.com")
    world.people("contacts", [(*ANNA, None, "Annie")])
    result = world.run(contacts)
    assert (result.removed, list(result.rejected)) == (
        1,
        ["was archived at the destination by somebody else and is not put back"],
    )
    world.people("contacts", [(*ANNA, None, "Annie"), BEN])
    result = world.run(contacts)
    assert result.added == 1
    assert result.refused == {"was refused by the destination before and has not changed since": 1}
    assert world.subscribed() == {"ben@example.com"}


def test_duplicate_and_missing_keys_change_nothing_for_anybody(world, lapsed, contacts):
    for table in ("contacts", "lapsed"):
        world.people(table, [ANNA, BEN])
    world.consent("c_a", "c_b")
    world.run(contacts, lapsed)
    world.people("lapsed", [ANNA, ("c_a", "other@example.com"), BEN, (None, "nobody@example.com")])
    result = world.run(lapsed)
    assert (result.operations, result.unchanged) == (0, 2)
    assert result.refused == {
        "appears more than once in the sync model; nothing was changed for this customer": 2,
        "has no customer id": 1,
    }
    assert world.segment("Lapsed buyers") == {"anna@example.com", "ben@example.com"}


def test_values_that_cannot_identify_anybody_are_refused(world, contacts):
    world.people("contacts", [("c_a", "not an address"), ("c_b", None), ("c_c", sha256("x@x.org"))])
    world.consent("c_a", "c_b", "c_c")
    assert world.run(contacts).refused == {"has no usable address or number for this destination": 3}
