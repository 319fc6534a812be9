"""Killed with SIGKILL in the middle of sending, then run again: exactly the right members, nothing sent twice in vain."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

RUNNER = Path(__file__).with_name("killed_runner.py")
ROOT = Path(__file__).parents[2]
PEOPLE = [(f"c_{number:03}", f"p{number:03}@x.org") for number in range(240)]


def start(world, folder, run_id, syncs):
    declarations = json.dumps([sync.model_dump() for sync in syncs])
    environment = {**os.environ, **world.doubles.environment, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(RUNNER), str(folder), run_id, declarations]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def written(world):
    return [row for row in world.ask("/_state")["deliveries"] if row["tool"] == "mailchimp"]


@pytest.mark.parametrize("kill_after", [130])
def test_killed_while_sending_contacts(file_world, tmp_path, contacts, lapsed, kill_after):
    world = file_world
    for table in ("contacts", "lapsed"):
        world.people(table, PEOPLE)
    world.consent(*[customer for customer, _ in PEOPLE])
    process = start(world, tmp_path, "killed", [contacts, lapsed])
    while len(written(world)) < kill_after:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.communicate()
    arrived = {row["person"] for row in written(world)}
    assert 0 < len(arrived) < 240
    with world.state() as state:
        acked = state.execute("select count(*) from activation.acked").fetchall()[0][0]
        in_the_air = state.execute(
            "select count(*) from activation.op_journal where state = 'sent'"
        ).fetchall()[0][0]
    assert acked <= len(arrived) <= acked + in_the_air
    world.people("contacts", PEOPLE[5:])
    world.people("lapsed", PEOPLE[5:])
    first, second = world.run(contacts, lapsed)
    assert (first.failed, second.failed) == (0, 0)
    expected = {email for _, email in PEOPLE[5:]}
    assert world.subscribed() == expected
    assert world.segment("Lapsed buyers") == expected
    # only what was in the air when the runner died may have been sent a second time
    again = [row for row in written(world) if row["action"] == "update" or row["times"] > 1]
    assert len(again) <= in_the_air
    assert [result.status for result in world.run(contacts, lapsed)] == ["nothing to send", "nothing to send"]


def test_killed_between_the_call_and_the_acknowledgement(file_world, tmp_path, audience):
    """The audience got everybody, the answer was never read: nobody is lost, and those who left meanwhile leave."""
    world, people = file_world, PEOPLE[:160]
    world.people("vips", people)
    world.consent(*[customer for customer, _ in people], channel="ads")
    world.fault(tool="meta", kind="slow_after_commit", seconds=60, path_part="/users")
    process = start(world, tmp_path, "killed", [audience])
    while not world.audience("VIPs"):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.communicate()
    world.people("vips", people[:100])
    result = world.run(audience)
    assert (result.added, result.removed, result.held_reason) == (100, 60, None)
    assert len(world.audience("VIPs")) == 100
    assert world.run(audience).operations == 0
