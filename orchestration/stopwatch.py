"""Measures each stage of a run (CPU, wall, peak memory) and keeps the figures as rows of `state.stage_costs`.

What the figures are compared with is the benchmark's business.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.connections import open_warehouse
from warehouse.settings import Settings

CLEAR_PEAK = Path("/proc/self/clear_refs")


@contextmanager
def measured(settings: Settings, run_id: str, stage: str) -> Iterator[None]:
    """Record what the block cost: one row per (run_id, stage), seconds of CPU and wall, peak resident MiB."""
    _reset_peak()
    cpu, wall = time.process_time(), time.monotonic()
    yield
    row = [run_id, stage, time.process_time() - cpu, time.monotonic() - wall, _peak_mib()]
    with open_warehouse(settings) as connection:
        connection.execute("create schema if not exists state")
        connection.execute(
            "create table if not exists state.stage_costs"
            " (run_id text, stage text, cpu_seconds double, wall_seconds double, peak_mib double)"
        )
        connection.execute("insert into state.stage_costs values (?, ?, ?, ?, ?)", row)


def _reset_peak() -> None:
    # Linux forgets the peak when 5 is written here; elsewhere the peak of the whole process is reported
    if CLEAR_PEAK.exists():
        CLEAR_PEAK.write_text("5")


def _peak_mib() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
