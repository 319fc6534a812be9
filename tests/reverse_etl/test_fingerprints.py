"""Rows whose input has not changed are not worked out anew, and everything that might concern them still counts."""

from datetime import timedelta

import pytest

from reverse_etl.planner import plan_sync
from tests.reverse_etl.conftest import NOW

PEOPLE = [
    ("c_1", "ann@x.org", None, "Ann"),
    ("c_2", "bob@x.org", None, "Bob"),
    ("c_3", "cat@x.org", None, "Cat"),
]


@pytest.fixture
def known(world, contacts):
    """Three contacts, sent by the first run and recognised by the second."""
    world.people("contacts", PEOPLE)
    world.consent("c_1", "c_2", "c_3")
    world.run(contacts)
    world.run(contacts)
    assert spared(world, contacts) == {"c_1", "c_2", "c_3"}
    return world


def spared(world, sync):
    with world.warehouse() as connection:
        plan_sync(connection, sync, world.accounts)
        return {key for (key,) in connection.execute("select record_key from plan_same").fetchall()}


def test_a_changed_row_is_sent_and_known_again_afterwards(known, contacts):
    known.people("contacts", [("c_1", "ann@x.org", None, "Anna"), *PEOPLE[1:]])
    assert spared(known, contacts) == {"c_2", "c_3"}
    assert known.run(contacts).updated == 1
    assert known.run(contacts).operations == 0
    assert spared(known, contacts) == {"c_1", "c_2", "c_3"}


@pytest.mark.parametrize("said", ["consent", "no consent", "suppression", "log"])
def test_who_says_no_is_looked_at_although_nothing_else_changed(known, contacts, said):
    if said == "consent":
        known.consent("c_1", status="denied")
    elif said == "no consent":
        known.consent("c_1", status="unknown")
    elif said == "suppression":
        known.suppress("email", "ann@x.org")
    else:
        known.say("email", " ANN@x.org", at=NOW + timedelta(days=1))
    assert spared(known, contacts) == {"c_2", "c_3"}
    assert known.plan(contacts).counts.removed == 1


def test_a_key_that_stands_there_twice_is_kept_out(known, contacts):
    known.people("contacts", [*PEOPLE, PEOPLE[0]])
    assert spared(known, contacts) == {"c_2", "c_3"}
    assert known.plan(contacts).counts.removed == 0


def test_another_mapping_knows_nothing(known, contacts):
    assert spared(known, contacts.model_copy(update={"fields": {"email_address": "email"}})) == set()


def test_a_customer_who_takes_over_the_address_goes_the_long_way(known, contacts):
    known.people("contacts", [("c_9", "ann@x.org", None, "Ann"), *PEOPLE[1:]])
    known.consent("c_9")
    assert spared(known, contacts) == {"c_2", "c_3"}
    assert known.plan(contacts).counts.removed == 0


def test_a_newcomer_with_the_address_of_somebody_unchanged_is_not_sent(known, contacts):
    known.people("contacts", [*PEOPLE, ("c_0", "ann@x.org", None, "Other")])
    known.consent("c_0")
    plan = known.plan(contacts)
    assert (plan.size, list(plan.refused)) == (
        0,
        ["shares the address with another customer of this sync, who is sent instead"],
    )


def test_what_had_no_answer_goes_the_long_way(known, contacts):
    with known.state() as state:
        state.execute(
            """insert into activation.op_journal by name select 'x' as op_id, 'r' as run_id, sync, target_key,
            'update' as action, 'regular' as lane, remote_id, record_key, identifiers, row_hash, mapping_version,
            norm_version, is_adopted, 'unknown' as state, acked_at as sent_at
            from activation.acked where record_key = 'c_1'"""
        )
    assert spared(known, contacts) == {"c_2", "c_3"}
    assert known.plan(contacts).counts.updated == 1


def test_a_file_is_always_worked_out_whole(world, vip_file):
    world.people("vips", PEOPLE)
    world.consent("c_1", "c_2", "c_3")
    world.run(vip_file)
    world.run(vip_file)
    assert spared(world, vip_file) == set()
