"""Every destination from plan to acknowledgement: first run, second run, leavers, consent."""

import csv
import hashlib

ANNA, BEN, CLEO = ("c_a", "anna@example.com"), ("c_b", "ben@example.com"), ("c_c", "cleo@example.com")


def emails_in(file):
    return [row["email"] for row in csv.DictReader(file.read_text().splitlines())]


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_contacts_and_memberships_reach_mailchimp_and_a_second_run_sends_nothing(world, contacts, lapsed):
    world.people("contacts", [ANNA, BEN])
    world.people("lapsed", [BEN])
    world.consent("c_a", "c_b")
    first_contacts, first_lapsed = world.run(lapsed, contacts)
    assert (first_contacts.sync, first_contacts.added, first_lapsed.added) == ("mailchimp_contacts", 2, 1)
    assert world.subscribed() == {"anna@example.com", "ben@example.com"}
    assert world.segment("Lapsed buyers") == {"ben@example.com"}
    sent = len(world.ask("/_requests"))
    again = world.run(contacts, lapsed)
    assert [result.status for result in again] == ["nothing to send", "nothing to send"]
    assert [result.operations for result in again] == [0, 0]
    assert len(world.ask("/_requests")) == sent


def test_meta_holds_hashed_people_only(world, audience):
    world.people(
        "vips", [("c_a", "Anna@Example.com ", "+442079460018", "Anna", "O'Brien", "New York", "1984-10-03")]
    )
    world.consent("c_a", channel="ads")
    assert world.run(audience).added == 1
    (person,) = world.audience("VIPs")
    assert person == {
        "EMAIL": sha256("anna@example.com"),
        "PHONE": sha256("442079460018"),
        "FN": sha256("anna"),
        "LN": sha256("obrien"),
        "CT": sha256("newyork"),
        "DOBY": sha256("1984"),
        "DOBM": sha256("10"),
        "DOBD": sha256("03"),
    }
    assert world.run(audience).operations == 0


def test_a_file_mirrors_the_segment_and_is_never_half_written(world, vip_file):
    world.people("vips", [ANNA, BEN])
    world.consent("c_a", "c_b")
    assert world.run(vip_file).added == 2
    written = world.outbox / "vips.csv"
    assert emails_in(written) == ["anna@example.com", "ben@example.com"]
    world.people("vips", [BEN, CLEO])
    world.consent("c_c")
    result = world.run(vip_file)
    assert (result.added, result.removed, result.unchanged) == (1, 1, 1)
    assert emails_in(written) == ["ben@example.com", "cleo@example.com"]
    assert [file.name for file in world.outbox.iterdir()] == ["vips.csv"]


def test_only_differences_are_sent_and_leavers_are_removed(file_world, contacts, lapsed, audience):
    world = file_world
    for table in ("contacts", "lapsed", "vips"):
        world.people(table, [ANNA, BEN])
    world.consent("c_a", "c_b", "c_c")
    world.consent("c_a", "c_b", "c_c", channel="ads")
    world.run(contacts, lapsed, audience)
    before = len(world.writes())
    for table in ("contacts", "lapsed", "vips"):
        world.people(table, [BEN, CLEO])
    for result in world.run(contacts, lapsed, audience):
        assert (result.added, result.removed, result.unchanged) == (1, 1, 1)
    assert world.subscribed() == {"ben@example.com", "cleo@example.com"}
    assert world.segment("Lapsed buyers") == {"ben@example.com", "cleo@example.com"}
    assert {row["EMAIL"] for row in world.audience("VIPs")} == {sha256(BEN[1]), sha256(CLEO[1])}
    sent = " ".join(str(row) for row in world.writes()[before:])
    assert "ben@example.com" not in sent
    assert sha256(BEN[1]) not in sent


def test_people_without_consent_or_unsubscribed_never_reach_a_destination(
    world, contacts, lapsed, audience, vip_file
):
    people = [
        ("c_yes", "yes@x.org"),
        ("c_no", "no@x.org"),
        ("c_never", "never@x.org"),
        ("c_gone", "gone@x.org"),
    ]
    for table in ("contacts", "lapsed", "vips"):
        world.people(table, people)
    for channel in ("email", "ads"):
        world.consent("c_yes", "c_gone", channel=channel)
        world.consent("c_no", status="denied", channel=channel)
        world.suppress("email", "gone@x.org", channel=channel)
    for result in world.run(contacts, lapsed, audience, vip_file):
        assert result.added == 1
        assert result.refused == {
            "has not given consent for this purpose and channel": 1,
            "has said no to this kind of message": 1,
            "has an address or number that is unsubscribed or undeliverable": 1,
        }
    assert set(world.mailchimp()["members"]) == {"yes@x.org"}
    everything = str(world.ask("/_requests")) + (world.outbox / "vips.csv").read_text()
    for secret in ("no@x.org", "never@x.org", "gone@x.org"):
        assert secret not in everything
        assert sha256(secret) not in everything
