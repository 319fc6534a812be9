"""Random histories through the real sender to tools that work in jobs and are looked into through a view that lags.

Jobs end runs later, fail as a whole, or lose their id with the answer; journal steps crash; look-ups miss who was just
added and still show who was just removed.
"""

import os
import random
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest

from reverse_etl import journal, waves
from reverse_etl.destinations import DESTINATIONS
from reverse_etl.journal import clock
from reverse_etl.transport import Patience
from tests.reverse_etl.job_tool import JobList, LookedUpList, Tool
from tests.reverse_etl.test_send_histories import CRASHES, Crash, crash_at, households, set_people

INSTALLATIONS = int(os.environ.get("CDP_TEST_INSTALLATIONS", "12"))
STEPS = 5
FAULTS = (None, None, "down", "no answer", "nothing processed")
HASTY = Patience(attempts=2, first_wait=0.0, longest_wait=0.0, job_budget=0.0)
KINDS = {"jobs": JobList, "jobs that are looked up": LookedUpList}


@pytest.fixture
def tool(world, monkeypatch, kind):
    monkeypatch.setitem(DESTINATIONS, ("jobs", "list"), KINDS[kind]())
    tool = Tool()
    world.accounts = tool.accounts()
    return tool


@pytest.fixture
def sync(declare):
    fields = {"email_address": "email"}
    return declare("jobs_people", "jobs", "list", "contacts", "people", fields=fields, confirmed=True)


def disturb(tool, chance):
    """What is wrong with the tool during the next run."""
    tool.slow = chance.randint(1, 4)
    tool.failing = chance.random() < 0.2
    tool.faults = {
        len(tool.calls) + 1 + call: fault for call in range(6) if (fault := chance.choice(FAULTS)) is not None
    }


def end_lost_jobs(world, tool):
    """A job whose id got lost, with the answer or in a crash, ends before the next run: nobody can ask about it."""
    with world.state() as state:
        known = {
            job
            for (job,) in state.execute(
                "select distinct job from activation.op_journal where state = 'pending'"
            ).fetchall()
        }
    for name in tool.jobs.keys() - known:
        while tool.jobs[name]["left"]:
            tool.work(name)


def _clock_ahead(ahead):
    return clock() + ahead


def calm(tool):
    tool.slow, tool.failing, tool.faults = 1, False, {}
    tool.shown = set(tool.members)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("seed", range(INSTALLATIONS))
def test_after_jobs_that_fail_lag_and_crash_exactly_the_right_people_are_there(
    world, tool, sync, monkeypatch, seed
):
    chance = random.Random(seed)
    tool.bad = {f"dan{house}@x.org" for house in range(0, 10, 3)}
    for _ in range(STEPS):
        people, granted = households(chance)
        set_people(world, people, granted)
        tool.shown = set(tool.members)  # as it was before this run
        disturb(tool, chance)
        wanted = {email for customer, email in people if customer in granted}
        before = len(tool.jobs)
        with monkeypatch.context() as patched:
            crash_at(patched, chance, chance.choice(CRASHES))
            with suppress(Crash):
                world.run(sync, patience=HASTY)
        end_lost_jobs(world, tool)
        for job in list(tool.jobs.values())[before:]:
            assert set(job["body"].get("add", [])) <= wanted
    # undisturbed from here on: what still works ends, what had no answer is sent again, and look-ups catch up until
    # the next run, hours later
    for night in range(1, 6):
        later = partial(_clock_ahead, timedelta(hours=2 * night))
        for module in (waves, journal):
            monkeypatch.setattr(module, "clock", later)
        calm(tool)
        last = world.run(sync)
        if last.operations == 0:
            break
    assert tool.members == wanted - tool.bad
    assert last.operations == 0
    with world.state() as state:
        # of whom the tool refuses now an earlier operation may have been done all the same: it stays open
        open_ends = state.execute(
            "select remote_id, state from activation.op_journal where state in ('sent', 'unknown', 'pending') "
            "and remote_id not in (select remote_id from activation.dead_letters where is_permanent)"
        ).fetchall()
        twice = state.execute(
            "select op_id from activation.sync_log group by all having count(*) > 1 union all "
            "select op_id from activation.op_journal group by all having count(*) > 1 union all "
            "select remote_id from activation.acked group by all having count(*) > 1"
        ).fetchall()
    assert (open_ends, twice) == ([], [])


@pytest.mark.parametrize("kind", ["jobs that are looked up"])
def test_an_opt_out_is_not_done_while_the_tool_does_not_show_the_person_yet(world, tool, sync):
    world.people("contacts", [("c_1", "ann@x.org"), ("c_2", "bob@x.org")])
    world.consent("c_1", "c_2")
    assert world.run(sync).added == 2
    world.consent("c_1", status="denied")
    result = world.run(sync)
    # nobody need do anything about it: the next run does
    assert (result.removed, result.failed, result.pending, result.status) == (0, 0, 1, "pending")
    assert "1 person was written a short while ago and is not shown yet" in result.message
    tool.shown = set(tool.members)
    assert world.run(sync).removed == 1
    assert tool.members == {"bob@x.org"}


@pytest.mark.parametrize("kind", ["jobs that are looked up"])
def test_whom_we_removed_a_moment_ago_is_ours_when_added_again(world, tool, sync):
    world.people("contacts", [("c_1", "ann@x.org")])
    world.consent("c_1")
    world.run(sync)
    tool.shown = set(tool.members)
    world.consent("c_1", status="denied")
    assert world.run(sync).removed == 1
    world.consent("c_1")
    assert world.run(sync).added == 1  # the look-up still shows the removed contact
    world.people("contacts", [])
    assert world.run(sync, confirmed=True).removed == 1
    assert tool.members == set()
