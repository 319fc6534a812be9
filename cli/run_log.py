"""Where the log of a run goes that a person started: into a file, for the terminal shows the summary instead.

What is logged is decided by the rooms; a run that Dagster started keeps its log where Dagster does.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def news_in_a_file(path: Path) -> Iterator[None]:
    """What the alerts say goes to the end of this file for the length of the block, one line each, times in UTC."""
    log = logging.getLogger("alerts")
    before = log.level, log.propagate
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(_lines())
    log.addHandler(handler)
    log.setLevel(logging.INFO)  # that something is right again, too
    log.propagate = False
    try:
        yield
    finally:
        log.setLevel(before[0])
        log.propagate = before[1]
        log.removeHandler(handler)
        handler.close()


def _lines() -> logging.Formatter:
    lines = logging.Formatter("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    lines.converter = time.gmtime
    return lines
