"""What a pull brought: one record per file that was put into landing, one sentence per source that failed.

Plain data for the connectors, the remote places and the front doors; pulling itself is in `pulling.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

PullStatus = Literal["pulled", "not configured", "failed"]


@dataclass(frozen=True)
class PulledFile:
    """One file that is now complete in landing.

    `file` is its path relative to the landing folder, with forward slashes. `table_name` and `rows` are None where
    only loading will tell.
    """

    source: str
    table_name: str | None
    file: str
    rows: int | None
    bytes: int


@dataclass(frozen=True)
class SourceResult:
    """What became of one source: `message` is the reason for a failure, or which settings are missing."""

    source: str
    status: PullStatus
    files: tuple[PulledFile, ...] = ()
    message: str = ""
    seconds: float = 0.0


@dataclass
class PullReport:
    """One pull: a result per asked source, in the order asked. What a failed source brought before it failed counts."""

    results: list[SourceResult] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def files(self) -> list[PulledFile]:
        """Every file brought, in the order of arrival."""
        return [file for result in self.results for file in result.files]

    @property
    def failed(self) -> list[SourceResult]:
        return [result for result in self.results if result.status == "failed"]

    @property
    def not_configured(self) -> list[SourceResult]:
        return [result for result in self.results if result.status == "not configured"]
