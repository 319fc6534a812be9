"""One run at a time: a lock on a file that the operating system frees when the process ends, however it ends.

What a run is, and when it starts, is the front doors' business.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from warehouse.errors import RunUnderWay
from warehouse.settings import Settings

_held: dict[str, IO[str]] = {}


def take_run_lock(settings: Settings) -> None:
    """Hold the lock of this data folder until `release_run_lock` or the end of the process; taking it twice is fine.

    A busy lock is waited for (`lock_wait_seconds`); then RunUnderWay names the process that holds it.
    """
    _take(settings.data_dir / "run.lock", settings, f"A run is under way in {settings.data_dir}")


def release_run_lock(settings: Settings) -> None:
    """Let the next run begin; does nothing when the lock is not held."""
    _release(settings.data_dir / "run.lock")


@contextmanager
def pull_lock(settings: Settings, source: str) -> Iterator[None]:
    """Hold the right to pull from one source: its cursor moves in one process at a time. Raises RunUnderWay."""
    path = settings.pulls_dir / f"{source}.lock"
    _take(path, settings, f"{source} is being pulled")
    try:
        yield
    finally:
        _release(path)


def _take(path: Path, settings: Settings, busy: str) -> None:
    if str(path) in _held:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+")
    deadline = time.monotonic() + settings.lock_wait_seconds
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        if time.monotonic() > deadline:
            file.seek(0)
            holder = file.read().strip() or "another process"
            file.close()
            raise RunUnderWay(
                f"{busy} ({holder}), and still was after {settings.lock_wait_seconds:.0f} s. "
                f"Wait for it to end (`cdp status`), then run again."
            )
        time.sleep(0.2)
    file.truncate(0)
    file.write(f"process {os.getpid()}")
    file.flush()
    _held[str(path)] = file


def _release(path: Path) -> None:
    file = _held.pop(str(path), None)
    if file is not None:
        file.close()
