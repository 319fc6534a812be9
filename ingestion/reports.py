"""What a load tells: one result per file, totals per source, what was not delivered and what nobody claimed.

Plain data only; printing belongs to the front doors.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Status = Literal["loaded", "skipped", "refused"]


@dataclass(frozen=True)
class FileResult:
    """What became of one delivered file; counts are rows, `message` says why it was refused or what was unusual."""

    source: str
    table_name: str
    file: str
    status: Status
    rows_in_file: int = 0
    rows_loaded: int = 0
    rows_rejected: int = 0
    message: str = ""
    seconds: float = 0.0
    load_id: int | None = None


@dataclass(frozen=True)
class SourceTotals:
    """Sums over the files of one source in this load."""

    source: str
    files_loaded: int
    files_skipped: int
    files_refused: int
    rows_loaded: int
    rows_rejected: int
    seconds: float


@dataclass
class LoadReport:
    """One load: files in load order, tables without any file, and files in landing that match no declaration."""

    files: list[FileResult] = field(default_factory=list)
    not_delivered: list[str] = field(default_factory=list)
    unclaimed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        """True when at least one file was newly loaded."""
        return any(result.status == "loaded" for result in self.files)

    @property
    def refused(self) -> list[FileResult]:
        return [result for result in self.files if result.status == "refused"]

    @property
    def rows_loaded(self) -> int:
        return sum(result.rows_loaded for result in self.files)

    @property
    def rows_rejected(self) -> int:
        return sum(result.rows_rejected for result in self.files)

    def by_source(self) -> dict[str, SourceTotals]:
        """Totals per source, in load order."""
        names = dict.fromkeys(result.source for result in self.files)
        return {name: _totals(name, [r for r in self.files if r.source == name]) for name in names}


def _totals(source: str, results: list[FileResult]) -> SourceTotals:
    def count(status: Status) -> int:
        return sum(result.status == status for result in results)

    return SourceTotals(
        source=source,
        files_loaded=count("loaded"),
        files_skipped=count("skipped"),
        files_refused=count("refused"),
        rows_loaded=sum(result.rows_loaded for result in results),
        rows_rejected=sum(result.rows_rejected for result in results),
        seconds=sum(result.seconds for result in results),
    )
