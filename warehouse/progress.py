"""How long work tells the outside how far it is: one callable, so that rooms need no terminal library.

Drawing bars belongs to the front doors.
"""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called as work advances: `done` of `total` units (None = unknown) of a named stage, with a short note."""

    def __call__(self, stage: str, done: int, total: int | None, note: str = "") -> None: ...


def silent(stage: str, done: int, total: int | None, note: str = "") -> None:
    """Progress for callers that do not watch."""
