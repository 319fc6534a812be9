"""A load that is killed anywhere leaves nothing half done, and the next one ends as if nothing had happened.

CDP_KILL_TRIALS sets how many times it is killed: at a random statement, or after a random time.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import time
from pathlib import Path

import duckdb
import pytest

from . import killed_loads
from .killed_loads import CountedConnection, contents, deliver, load_all, load_and_die

TRIALS = int(os.environ.get("CDP_KILL_TRIALS", "50"))
FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload([killed_loads.__name__])


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """A folder after the first night with the second one delivered, the undisturbed end, and how long it takes."""
    before: Path = tmp_path_factory.mktemp("nights") / "before"
    deliver(before, night=1)
    load_all(before)
    deliver(before, night=2)
    after = before.with_name("after")
    shutil.copytree(before, after)
    started = time.monotonic()
    with duckdb.connect(after / "warehouse.duckdb", config={"threads": 1}) as connection:
        counted = CountedConnection(connection)
        load_all(after, counted)
    seconds = time.monotonic() - started
    return before, contents(after), counted.asked, seconds


def test_the_two_nights_hold_every_kind_of_change(nights):
    _, (versions, whole, lines, events, loads, rejects, changes, live, deleted), *_ = nights
    assert [len(part) for part in (versions, whole, lines, events)] == [200 + 60, 200 + 49, 200 + 200, 401]
    assert {row[10] for row in loads} == {"loaded", "refused"}
    assert len(loads) == 11 and len(rejects) == 21 and len(live) == 170 and len(deleted) == 30
    assert [row[5] for row in changes] == ["absent", "added"]
    assert sum(row[6] for row in loads) == sum(row[7] + row[8] for row in loads), (
        "delivered = loaded + rejected"
    )


@pytest.mark.parametrize("trial", range(TRIALS))
def test_a_killed_load_is_completed_by_the_next_one(nights, tmp_path, trial):
    before, expected, statements, seconds = nights
    chance = random.Random(trial)
    folder = tmp_path / "killed"
    shutil.copytree(before, folder)
    how = (chance.randint(1, statements), None) if trial % 3 else (None, chance.uniform(0, seconds))
    process = FORKING.Process(target=load_and_die, args=(folder, *how))
    process.start()
    process.join(timeout=60)
    assert process.exitcode == -signal.SIGKILL
    contents(folder)  # nothing half loaded
    load_all(folder)
    assert contents(folder) == expected
