"""Copies what is new or changed in a remote folder into landing, file by file, each whole or not at all.

Which network is used is hidden behind RemoteFolder; what the files hold is not looked at.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

from ingestion.declarations import Location, Source, Table
from ingestion.errors import ConnectionCut, PullFailed, RemoteFileChanged, RemoteFileRefused
from ingestion.pulled import PulledFile
from ingestion.remote.folders import RemoteFile, RemoteFolder
from ingestion.remote.landed import Landed
from ingestion.remote.names import asking_table, deepest, shown, why_refused
from ingestion.remote.places import open_folder
from warehouse.progress import Progress, silent

# seconds to wait after each cut that brought nothing; a cut after at least one whole file starts the count anew
WAITS = (1.0, 5.0)
MOST_NAMES = 1_000_000
MOST_TOLD = 5


def fetch(
    source: Source,
    landing_dir: Path,
    *,
    environ: Mapping[str, str],
    progress: Progress = silent,
    note: Callable[[str], None] = lambda _sentence: None,
) -> list[PulledFile]:
    """Copy the source's new and changed remote files to `landing/<source>/`, names kept; returns them in that order.

    A file counts as known when landing has it with the same size and time of last change; with `retention_days`, also
    when it was fetched before and has been removed since. What changes while it is read is left for the next time, and
    said through `note`; progress is told in bytes. Raises SourceNotConfigured, or PullFailed with everything that did not arrive and why; its
    `files` did arrive.
    """
    visit = Visit(source, Landed(landing_dir, source), progress)
    try:
        _copy_despite_cuts(visit, environ)
    except PullFailed as error:
        raise PullFailed(str(error), visit.files) from error
    for sentence in visit.left:
        note(sentence)
    if visit.refused:
        raise PullFailed(_incomplete(source, visit), visit.files)
    return visit.files


def location_of(source: Source) -> Location:
    """The place a source's files are fetched from; only sources that have one are fetched."""
    if source.location is None:
        raise ValueError(f"{source.name} has no location to fetch from")
    return source.location


def _copy_despite_cuts(visit: Visit, environ: Mapping[str, str]) -> None:
    failures = 0
    while True:
        arrived = len(visit.files)
        try:
            with open_folder(location_of(visit.source), environ) as folder:
                return visit.copy_all(folder)
        except ConnectionCut as cut:
            failures = 1 if len(visit.files) > arrived else failures + 1
            if failures > len(WAITS):
                raise PullFailed(
                    f"{location_of(visit.source).url}: {cut}. {_count(len(visit.files), 'file')} arrived before; run "
                    f"again for the rest."
                ) from cut
            time.sleep(WAITS[failures - 1])


@dataclass
class Visit:
    """One fetch of one source, over as many connections as it takes."""

    source: Source
    landed: Landed
    progress: Progress
    files: list[PulledFile] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    bytes_done: int = 0
    bytes_wanted: int = 0

    def copy_all(self, folder: RemoteFolder) -> None:
        """Copy what is not in landing yet. Raises ConnectionCut and PullFailed; may then be called again."""
        self.refused.clear()
        self.left.clear()
        wanted = self._choose(folder)
        self.bytes_done, self.bytes_wanted = 0, sum(file.size for _, file in wanted)
        with self.landed:
            for table, file in wanted:
                self._copy(folder, table, file)
        self._tell("")

    def _choose(self, folder: RemoteFolder) -> list[tuple[Table, RemoteFile]]:
        files = self._list(folder)
        asked = [(table, file) for file in files if (table := asking_table(self.source, file.name))]
        if not asked and not self.refused and self.landed.is_empty:
            raise PullFailed(
                f"{location_of(self.source).url} holds {_count(len(files), 'file')}, and none that a table asks for. Correct "
                f"`location.url` or the tables' `files`, or wait for the first export."
            )
        return [(table, file) for table, file in asked if self._may_come(file) and not self.landed.has(file)]

    def _may_come(self, file: RemoteFile) -> bool:
        reason = why_refused(file.name)
        if reason:
            self.refused.append(f"{shown(file.name)} {reason}")
        return reason is None

    def _list(self, folder: RemoteFolder) -> list[RemoteFile]:
        found = folder.list_files(deepest(self.source), self.refused.append)
        files = sorted(islice(found, MOST_NAMES + 1), key=lambda file: file.name)
        if len(files) > MOST_NAMES:
            raise PullFailed(
                f"{location_of(self.source).url} holds more than {MOST_NAMES:,} files. Name a smaller folder in "
                f"`location.url`, and run again."
            )
        return files

    def _copy(self, folder: RemoteFolder, table: Table, file: RemoteFile) -> None:
        self._tell(file.name)
        try:
            self.landed.take(file, folder, partial(self._tell, file.name))
        except RemoteFileChanged as change:
            self.left.append(f"{change} while it was fetched: left for the next run.")
        except RemoteFileRefused as refusal:
            self.refused.append(str(refusal))
        else:
            path = f"{self.source.name}/{file.name}"
            self.files.append(PulledFile(self.source.name, table.name, path, None, file.size))
        self.bytes_done += file.size

    def _tell(self, name: str, received: int = 0) -> None:
        done = self.bytes_done + received
        self.progress(f"fetch {self.source.name}", done, self.bytes_wanted, shown(name))


def _incomplete(source: Source, visit: Visit) -> str:
    told = "; ".join(visit.refused[:MOST_TOLD])
    more = f"; and {len(visit.refused) - MOST_TOLD:,} more" if len(visit.refused) > MOST_TOLD else ""
    return (
        f"{_count(len(visit.refused), 'file')} in {location_of(source).url} did not arrive: {told}{more}. Correct that there, "
        f"and run again; the others arrived."
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
