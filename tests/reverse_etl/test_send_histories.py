"""Random histories through the real sender and transport against a double that misbehaves, with crashes at every journal step.

Each installation holds many people with histories of their own; they share its faults and crashes.
"""

import os
import random
import sqlite3
from contextlib import closing, suppress

import pytest

from reverse_etl.journal import Journal

INSTALLATIONS = int(os.environ.get("CDP_TEST_INSTALLATIONS", "12"))
HOUSEHOLDS = 10
NAMES = ("ann", "bob", "cat", "dan")
FAULTS = (
    "rate_limited",
    "overloaded",
    "server_error",
    "error_after_commit",
    "drop_after_commit",
    "nothing_processed",
    "token_expired",
)
CRASHES = (None, None, "before begin", "after begin", "before settle", "after settle")


class Crash(BaseException):
    """The process is gone: nothing may catch it."""


def crash_at(patched, chance, where):
    """Makes one journal step of the next run the last thing that happens, now and then in the middle of the run."""
    if where is None:
        return
    when, _, step = where.partition(" ")
    original, left = getattr(Journal, step), [chance.randint(1, 2)]

    def step_and_die(self, *arguments):
        left[0] -= 1
        if left[0] == 0 and when == "before":
            raise Crash
        done = original(self, *arguments)
        if left[0] == 0:
            raise Crash
        return done

    patched.setattr(Journal, step, step_and_die)


def households(chance):
    """Who lives where and has agreed to what: customers take over, share and swap addresses."""
    people, granted = [], set()
    for house in range(HOUSEHOLDS):
        for customer in (f"c{house}_{number}" for number in range(4)):
            if chance.random() < 0.7:
                people.append((customer, f"{chance.choice(NAMES)}{house}@x.org"))
            if chance.random() < 0.75:
                granted.add(customer)
    return people, granted


@pytest.mark.parametrize("seed", range(INSTALLATIONS))
def test_after_faults_and_crashes_exactly_the_right_people_are_contacts(
    world, contacts, unsubscribe, monkeypatch, seed
):
    chance, opted_out = random.Random(seed), set()
    for step in range(5):
        people, granted = households(chance)
        set_people(world, people, granted)
        allowed = {email for customer, email in people if customer in granted}
        if step in (1, 3) and world.subscribed():
            opted_out.add(chosen := chance.choice(sorted(world.subscribed())))
            unsubscribe(world, chosen)
        before = len(world.writes())
        if step < 4:
            for kind in chance.sample(FAULTS, chance.randint(0, 2)):
                world.fault(tool="mailchimp", kind=kind, times=chance.randint(1, 4), retry_after=0)
            with monkeypatch.context() as patched:
                crash_at(patched, chance, chance.choice(CRASHES))
                with suppress(Crash):
                    world.run(contacts, confirmed=True)
        else:
            calm(world)
            world.run(contacts, confirmed=True)
        written = {row["body"]["email_address"] for row in world.writes()[before:] if row["method"] == "PUT"}
        assert written <= allowed
    assert world.run(contacts, confirmed=True).added == 0
    assert world.subscribed() == allowed - opted_out
    assert world.run(contacts, confirmed=True).operations == 0
    with world.state() as state:
        open_ends = "select count(*) from activation.op_journal where state in ('sent', 'unknown')"
        assert state.execute(open_ends).fetchone() == (0,)


def set_people(world, people, granted):
    world.people("contacts", people)
    with world.warehouse() as connection:
        connection.execute("delete from marts.consents")
    if granted:
        world.consent(*sorted(granted))


def calm(world):
    """No fault is left over for the undisturbed run."""
    with closing(sqlite3.connect(world.doubles.state_path)) as connection, connection:
        connection.execute("delete from faults")
