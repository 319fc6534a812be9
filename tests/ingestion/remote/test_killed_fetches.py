"""Killed with SIGKILL again and again: landing only ever shows whole files, and the fetch gets done in the end."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent
FILES = {f"people-{number:02}.csv": random.Random(number).randbytes(1_000_000) for number in range(30)}


def test_a_fetch_that_is_killed_shows_only_whole_files_and_goes_on(remote):
    for name, content in FILES.items():
        remote.put(name, content)
    chance, seen = random.Random(3), []
    for _ in range(6):
        process = start(remote)
        assert process.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0.2, 1.5))
        process.kill()
        process.communicate()
        whole = shown(remote)
        assert all(FILES[name] == content for name, content in whole.items())
        assert whole.keys() >= set(seen)
        seen = list(whole)
    assert len(remote.fetch()) == len(FILES) - len(seen)
    assert remote.landed() == FILES


def start(remote) -> subprocess.Popen:
    environment = {**os.environ, **remote.environ, "PYTHONPATH": str(FOLDER)}
    command = [
        sys.executable,
        str(FOLDER / "killed_fetch.py"),
        str(remote.landing),
        json.dumps(remote.location),
    ]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def shown(remote) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in remote.landing.glob("shop/[!.]*")}
