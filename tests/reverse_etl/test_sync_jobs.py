"""Tools that take operations in and work on them by themselves: every operation still ends with exactly one outcome."""

from dataclasses import replace

import pytest

from reverse_etl.destinations import DESTINATIONS
from reverse_etl.errors import AnswerMismatch
from reverse_etl.journal import Journal
from reverse_etl.transport import Patience
from tests.reverse_etl.job_tool import SPEC, JobList, Tool

TEN = [(f"c_{number}", f"p{number}@x.org") for number in range(10)]
EMAILS = {email for _, email in TEN}
HASTY = Patience(attempts=2, first_wait=0.001, longest_wait=0.002, job_budget=0.0)


@pytest.fixture
def tool(world, monkeypatch):
    """A sync of ten people who agreed to everything to the pretend tool."""
    monkeypatch.setitem(DESTINATIONS, ("jobs", "list"), JobList())
    tool = Tool()
    world.accounts = tool.accounts()
    world.people("people", TEN)
    world.consent(*[customer for customer, _ in TEN])
    return tool


@pytest.fixture
def sync(declare):
    return declare("jobs_people", "jobs", "list", "people", "people", fields={"email_address": "email"})


def journal(world):
    with world.state() as state:
        return dict(state.execute("select state, count(*) from activation.op_journal group by 1").fetchall())


def test_a_run_waits_for_its_jobs_and_acknowledges_what_they_did(world, tool, sync):
    tool.slow = 3
    result = world.run(sync)
    assert (result.status, result.added, result.pending) == ("sent", 10, 0)
    assert tool.members == EMAILS
    assert journal(world) == {"accepted": 10}
    assert world.run(sync).operations == 0


def test_errors_of_a_finished_job_are_matched_by_what_they_name(world, tool, sync):
    tool.bad, tool.opted_out = {"p3@x.org", "p8@x.org"}, {"p4@x.org"}
    result = world.run(sync)
    assert (result.added, result.rejected) == (7, {"bad": 2, "unsubscribed": 1})
    with world.state() as state:
        letters = state.execute(
            "select record_key, reason from activation.dead_letters order by 1"
        ).fetchall()
        said = state.execute(
            "select identifier_type, identifier_value, status from platform.consent_log"
        ).fetchall()
    assert letters == [("c_3", "bad"), ("c_4", "unsubscribed"), ("c_8", "bad")]
    assert said == [("customer_id", "c_4", "denied")]
    assert world.run(sync).operations == 0


def test_a_job_that_takes_longer_than_patience_is_asked_about_by_the_next_run(world, tool, sync):
    tool.slow = 4  # asked once by the first run, twice by the second
    result = world.run(sync, patience=HASTY)
    assert (result.status, result.added, result.pending) == ("pending", 0, 10)
    assert "still working on 10 changes" in result.message
    posts = [call for call in tool.calls if call[0] == "POST"]
    later = world.run(sync, patience=HASTY)
    assert (later.pending, later.waiting) == (10, 0)
    assert world.run(sync).added == 10
    assert [call for call in tool.calls if call[0] == "POST"] == posts
    assert set(tool.deliveries.values()) == {1}


@pytest.mark.parametrize("step", ["begin", "settle"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_anywhere_is_mended_by_the_next_run(world, tool, sync, monkeypatch, step, when):
    original = getattr(Journal, step)
    with monkeypatch.context() as patched:

        def die(self, *arguments):
            if when == "after":
                original(self, *arguments)
            raise KeyboardInterrupt

        patched.setattr(Journal, step, die)
        with pytest.raises(KeyboardInterrupt):
            world.run(sync)
    world.run(sync)
    assert tool.members == EMAILS
    assert journal(world).keys() <= {"accepted", "superseded"}
    assert world.run(sync).operations == 0


def test_who_opts_out_while_the_job_runs_is_removed_without_waiting_and_stays_out(world, tool, sync):
    tool.slow = 50
    world.run(sync, patience=HASTY)
    world.say("email", "p5@x.org")
    world.consent("c_5", status="denied")
    world.run(sync, patience=HASTY)
    assert {"remove": ["p5@x.org"]} in [job["body"] for job in tool.jobs.values()]
    # the removal overtakes the addition: what the tool did last is found out and mended
    for name in reversed(tool.jobs):
        tool.jobs[name]["left"] = 0
        tool.work(name)
    tool.slow = 1
    assert "p5@x.org" in tool.members
    result = world.run(sync)
    assert (result.failed, result.removed) == (1, 1)
    assert tool.members == EMAILS - {"p5@x.org"}


def test_a_lost_job_is_sent_again(world, tool, sync):
    tool.slow = 5
    world.run(sync, patience=HASTY)
    tool.jobs.clear()
    tool.slow = 1
    world.run(sync)
    assert tool.members == EMAILS


def test_a_job_that_never_ends_counts_as_unanswered_after_its_time(world, tool, sync, monkeypatch):
    tool.slow = 1000
    world.run(sync, patience=HASTY)
    monkeypatch.setattr(JobList, "spec", replace(SPEC, job_hours=0.0))
    tool.slow = 1
    world.run(sync)
    assert tool.members == EMAILS


def test_a_tool_that_is_down_while_it_is_polled_keeps_the_job(world, tool, sync):
    tool.faults = {4: "down", 5: "down", 6: "down"}
    result = world.run(sync)
    assert (result.status, result.added) == ("sent", 10)
    assert set(tool.deliveries.values()) == {1}


def test_a_message_that_is_pending_is_never_handed_over_again(world, tool, sync, monkeypatch):
    monkeypatch.setattr(JobList, "spec", replace(SPEC, repeats_safely=False))
    tool.slow = 4
    for _ in range(3):
        world.run(sync, patience=HASTY)
    world.run(sync)
    assert set(tool.deliveries.values()) == {1}


def test_a_poll_that_forgets_an_operation_acknowledges_nothing(world, tool, sync, monkeypatch):
    poll = JobList.poll

    def forget(self, *arguments):
        return (yield from poll(self, *arguments))[1:]

    monkeypatch.setattr(JobList, "poll", forget)
    with pytest.raises(AnswerMismatch):
        world.run(sync)
    monkeypatch.undo()
