"""Runs a command as a whole process and reports what the operating system counted for it, and whether that is a goal reached."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from warehouse.settings import PROJECT_DIR

RESULTS = PROJECT_DIR / "bench" / "results"
PYTHON = sys.executable


@dataclass(frozen=True)
class Cost:
    """Seconds of CPU (user + system) and wall, and the largest resident size in MiB, of one process."""

    cpu_seconds: float
    wall_seconds: float
    peak_mib: float


def measure(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Cost:
    """Run `command` to its end; output goes to `log`. Raises RuntimeError when it failed.

    Status 2 is no failure: `cdp` ends so when something needs a person, as a very large first sync does.
    """
    started = time.monotonic()
    with log.open("a") as output:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 2):
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}; its output is in {log}")
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - started, usage.ru_maxrss / 1024)


def judged(reached: bool) -> str:
    """Whether a goal was reached, in capitals where it was not."""
    return "reached" if reached else "NOT reached"
