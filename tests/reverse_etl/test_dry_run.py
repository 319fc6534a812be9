"""What a dry run shows is what is sent, byte for byte."""

import json

import pytest


@pytest.fixture
def changed(world, contacts, lapsed, audience, vip_file):
    """Everybody synced once, then people who come, change and leave; the last fixture value are the syncs."""
    people = [(f"c_{number}", f"p{number}@x.org", None, "Ann") for number in range(12)]
    syncs = (contacts, lapsed, audience, vip_file)
    for table in ("contacts", "lapsed", "vips"):
        world.people(table, people[:9])
    for channel in ("email", "ads"):
        world.consent(*[row[0] for row in people], channel=channel)
    world.run(*syncs)
    for table in ("contacts", "lapsed", "vips"):
        world.people(
            table, [(key, email, None, "Bea" if key == "c_4" else name) for key, email, _, name in people[2:]]
        )
    return world, syncs


def written(world):
    return [json.dumps([row["method"], row["path"].split("/", 2)[2], row["body"]]) for row in world.writes()]


@pytest.mark.parametrize("place", range(3), ids=["contacts", "memberships", "audience"])
def test_the_requests_of_a_dry_run_are_those_that_are_sent(changed, place):
    world, syncs = changed
    shown = [
        json.dumps([request.method, request.path.lstrip("/"), request.json])
        for request in world.plan(syncs[place]).requests()
    ]
    before = len(world.writes())
    assert world.run(syncs[place]).removed == 2
    sent = written(world)[before:]
    assert len(shown) > 1
    # several connections deliver at once, so contacts arrive in any order
    assert sorted(sent) == sorted(shown) if place == 0 else sent == shown


def test_the_file_of_a_dry_run_is_the_file_that_is_written(changed):
    world, syncs = changed
    (request,) = world.plan(syncs[3]).requests()
    world.run(syncs[3])
    assert (world.outbox / request.path).read_bytes() == request.content


def test_a_dry_run_shows_nothing_that_waits_for_a_person(changed):
    world, syncs = changed
    assert list(world.plan(syncs[1], blocked={syncs[1].name: "a test failed"}).requests()) == []
