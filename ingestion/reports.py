"""What a load tells: one result per file, totals per source, what was not delivered and what nobody claimed.

Plain data only; printing belongs to the front doors.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Status = Literal["loaded", "skipped", "refused"]
Change = Literal["added", "absent", "returned", "missing", "retyped"]


@dataclass(frozen=True)
class SchemaChange:
    """A column that is not as before: in which way, what was expected and what was found (None: nothing)."""

    change: Change
    column: str
    expected: str | None
    found: str | None


@dataclass(frozen=True)
class FileResult:
    """What became of one delivered file; counts are rows, `message` says why it was refused or what was unusual.

    Rows that the table had already (`rows_unchanged`) count as loaded. Events are what the table's first column of
    time says, in naive UTC.
    """

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
    rows_unchanged: int = 0
    min_event_at: datetime | None = None
    max_event_at: datetime | None = None
    changes: tuple[SchemaChange, ...] = ()


@dataclass(frozen=True)
class Deletion:
    """Keys that the newest delivery of a table no longer has. `message` says why none was taken for deleted."""

    source: str
    table_name: str
    keys_before: int
    keys_vanished: int
    message: str = ""


@dataclass(frozen=True)
class SourceTotals:
    """Sums over the files of one source in this load; the largest share of rejected rows is the declared one."""

    source: str
    files_loaded: int
    files_skipped: int
    files_refused: int
    rows_loaded: int
    rows_rejected: int
    seconds: float
    rows_in_file: int = 0
    rows_unchanged: int = 0
    largest_reject_share: float = 0.0

    @property
    def reject_share(self) -> float:
        """Rejected rows of all delivered in this load, 0–1."""
        return self.rows_rejected / self.rows_in_file if self.rows_in_file else 0.0

    @property
    def rejects_too_much(self) -> bool:
        return self.reject_share > self.largest_reject_share


@dataclass
class LoadReport:
    """One load: files in load order, tables without any file, and files in landing that match no declaration.

    `deletions` has a line for every table that is delivered whole and lacks keys it had; `taken_away` are files that were
    refused before and lie in landing no more; `largest_reject_shares` are the declared ones, by source.
    """

    files: list[FileResult] = field(default_factory=list)
    deletions: list[Deletion] = field(default_factory=list)
    largest_reject_shares: dict[str, float] = field(default_factory=dict)
    not_delivered: list[str] = field(default_factory=list)
    unclaimed: list[str] = field(default_factory=list)
    taken_away: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        """True when at least one file was newly loaded, or keys were deleted."""
        deleted = any(not deletion.message for deletion in self.deletions)
        return deleted or any(result.status == "loaded" for result in self.files)

    @property
    def refused(self) -> list[FileResult]:
        return [result for result in self.files if result.status == "refused"]

    @property
    def rows_loaded(self) -> int:
        return sum(result.rows_loaded for result in self.files)

    @property
    def rows_rejected(self) -> int:
        return sum(result.rows_rejected for result in self.files)

    @property
    def rows_unchanged(self) -> int:
        return sum(result.rows_unchanged for result in self.files)

    @property
    def schema_changes(self) -> list[tuple[FileResult, SchemaChange]]:
        """Every column that was not as before, with the file in which it was noticed."""
        return [(result, change) for result in self.files for change in result.changes]

    def by_source(self) -> dict[str, SourceTotals]:
        """Totals per source, in load order."""
        names = dict.fromkeys(result.source for result in self.files)
        return {
            name: _totals(
                name,
                [result for result in self.files if result.source == name],
                self.largest_reject_shares.get(name, 0.0),
            )
            for name in names
        }


def _totals(source: str, results: list[FileResult], largest_reject_share: float) -> SourceTotals:
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
        rows_in_file=sum(result.rows_in_file for result in results),
        rows_unchanged=sum(result.rows_unchanged for result in results),
        largest_reject_share=largest_reject_share,
    )
