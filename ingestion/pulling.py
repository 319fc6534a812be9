"""From APIs, databases, buckets and servers to files in landing, source by source; loading them is another step.

How each kind is asked is in `connectors/` and `remote/`. Nothing here opens the warehouse: no lock is held while a
network is waited for.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.declarations import Source, find_environment_names
from ingestion.errors import IngestionError, PullFailed, SourceNotConfigured
from ingestion.pulled import PulledFile, PullReport, PullStatus, SourceResult
from warehouse.progress import Progress, silent

if TYPE_CHECKING:
    from ingestion.connectors import Patience


def pull(
    sources: Sequence[Source],
    landing_dir: Path,
    work_dir: Path,
    *,
    environ: Mapping[str, str],
    now: datetime,
    progress: Progress = silent,
    patience: Patience | None = None,
) -> PullReport:
    """Fetch what is new from every source that is pulled; the others are passed over.

    Files appear in `landing_dir` complete or not at all. What has been fetched is remembered in `work_dir`; without it
    everything is fetched again, which changes nothing in tables with keys. `now` is naive UTC. No source's failure
    stops another: each has its result, with a sentence.
    """
    started = time.monotonic()
    pulled = [source for source in sources if source.is_pulled]
    report = PullReport()
    for done, source in enumerate(pulled):
        progress("pull", done, len(pulled), source.name)
        puller = _Puller(landing_dir, work_dir, environ, now, progress, patience)
        report.results.append(puller.pull(source, done, len(pulled)))
    progress("pull", len(pulled), len(pulled))
    report.seconds = time.monotonic() - started
    return report


def missing_settings(source: Source, environ: Mapping[str, str]) -> list[str]:
    """The environment variables without which this source cannot be asked, by name."""
    endpoints = [table.endpoint for table in source.tables] if source.api else []
    parts = [source.api, source.database, source.location, *endpoints]
    names = {name for part in parts if part is not None for name in find_environment_names(part)}
    return sorted(name for name in names if not environ.get(name))


class _Puller:
    """One source's turn."""

    def __init__(
        self,
        landing_dir: Path,
        work_dir: Path,
        environ: Mapping[str, str],
        now: datetime,
        progress: Progress,
        patience: Patience | None,
    ) -> None:
        self._landing_dir, self._work_dir, self._environ = landing_dir, work_dir, environ
        self._now, self._progress, self._patience = now, progress, patience
        self._files: list[PulledFile] = []
        self._notes: list[str] = []

    def pull(self, source: Source, done: int, total: int) -> SourceResult:
        started = time.monotonic()

        def result(message: str = "", *, failed: bool = False) -> SourceResult:
            status: PullStatus = "failed" if failed else "pulled"
            return SourceResult(source.name, status, tuple(self._files), message, time.monotonic() - started)

        missing = missing_settings(source, self._environ)
        if missing:
            return SourceResult(
                source.name, "not configured", message=f"Set {', '.join(missing)} to connect it."
            )
        try:
            self._fetch(source, done, total)
        except SourceNotConfigured as error:
            return SourceResult(source.name, "not configured", message=str(error))
        except PullFailed as error:
            self._files.extend(file for file in error.files if file not in self._files)
            return result(str(error), failed=True)
        except (IngestionError, OSError) as error:
            return result(str(error), failed=True)
        return result(" ".join(self._notes))

    def _fetch(self, source: Source, done: int, total: int) -> None:
        def arrived(file: PulledFile) -> None:
            self._files.append(file)
            self._progress("pull", done, total, f"{source.name}: {file.file}")

        if source.location is not None:
            from ingestion.remote import fetch  # each kind's libraries are imported when one is pulled

            self._files += fetch(
                source,
                self._landing_dir,
                environ=self._environ,
                progress=self._progress,
                note=self._notes.append,
            )
            return
        from ingestion.connectors import Patience, pull_source

        pull_source(
            source,
            self._landing_dir,
            self._work_dir,
            environ=self._environ,
            now=self._now,
            patience=self._patience or Patience(),
            arrived=arrived,
        )
