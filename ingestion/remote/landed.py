"""What of a remote folder is in landing already, and how one more file gets there: whole, or not at all.

The only module of this package that writes files. The hidden folder `.fetching` of a source holds the file under way and the
list of what was fetched; both may be deleted at any time, at the price of fetching again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from ingestion.declarations import Source
from ingestion.errors import PullFailed, RemoteFileChanged, RemoteFileRefused
from ingestion.remote.folders import RemoteFile, RemoteFolder
from ingestion.remote.names import shown
from warehouse.durable_files import put_in_place


class Landed:
    """The landing folder of one source. Files get the remote time of change, so that they tell themselves apart.

    As a context it keeps the list of what was fetched, which only counts for sources that remove old files.
    """

    def __init__(self, landing_dir: Path, source: Source) -> None:
        self._folder = landing_dir / source.name
        self._unfinished = self._folder / ".fetching" / "unfinished"
        self._list = self._folder / ".fetching" / "fetched.json"
        self._removes_old_files = source.retention_days is not None
        self._fetched = self._read_list()

    @property
    def is_empty(self) -> bool:
        """True until the first file has arrived, by whichever way."""
        return not any(self._folder.glob("[!.]*"))

    def has(self, file: RemoteFile) -> bool:
        """Whether this version of the file is in landing, or was and has had its time."""
        version = (file.size, file.modified_ns)
        try:
            there = (self._folder / file.name).stat()
        except OSError:
            return self._removes_old_files and self._fetched.get(file.name) == version
        if (there.st_size, there.st_mtime_ns) != version:
            return False
        self._fetched[file.name] = version
        return True

    def take(self, file: RemoteFile, folder: RemoteFolder, advance: Callable[[int], None]) -> None:
        """Put one file in place of what landing had under its name; `advance` is told how many bytes have come.

        Raises RemoteFileChanged when it is not the same before and after reading, RemoteFileRefused when landing cannot
        take it, and what the folder raises; landing is then as before. The caller has checked the name.
        """
        received = self._receive(file, folder, advance)
        if folder.look_at(file.name) != file:
            raise RemoteFileChanged(f"{shown(file.name)} changed")
        if received != file.size:
            raise RemoteFileRefused(
                f"{shown(file.name)} is not as long as its folder says ({file.size:,} bytes)"
            )
        os.utime(self._unfinished, ns=(file.modified_ns, file.modified_ns))
        self._put_in_place(file)
        self._fetched[file.name] = (file.size, file.modified_ns)

    def __enter__(self) -> Self:
        try:
            self._unfinished.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._cannot_write(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # a full disk: the list is only a help, and the files tell the same
            self._unfinished.unlink(missing_ok=True)
            fresh = self._list.with_suffix(".new")
            fresh.write_text(json.dumps(self._fetched), encoding="utf-8")
            os.replace(fresh, self._list)

    def _receive(self, file: RemoteFile, folder: RemoteFolder, advance: Callable[[int], None]) -> int:
        """Write the bytes to disk, up to one part more than the file should have; returns how many came."""
        received = 0
        try:
            with self._unfinished.open("wb") as unfinished:
                for chunk in folder.read(file.name):
                    received += len(chunk)
                    if received > file.size:  # it grows: there may be no end to wait for
                        break
                    unfinished.write(chunk)
                    advance(received)
                unfinished.flush()
                os.fsync(unfinished.fileno())
        except OSError as error:  # the folder's own failures are no OSErrors any more
            raise self._cannot_write(error) from error
        return received

    def _put_in_place(self, file: RemoteFile) -> None:
        target = self._folder / file.name
        try:
            if not target.parent.resolve().is_relative_to(self._folder.resolve()):
                raise RemoteFileRefused(f"{shown(file.name)} would lead out of the landing folder")
            target.parent.mkdir(parents=True, exist_ok=True)
            put_in_place(self._unfinished, target)
        except OSError as error:
            raise RemoteFileRefused(
                f"{shown(file.name)} cannot be put into landing ({error.strerror}). Move away what is in its place"
            ) from error

    def _cannot_write(self, error: OSError) -> PullFailed:
        return PullFailed(
            f"{self._folder} cannot be written to ({error.strerror}). Make room or correct its permissions, and run again."
        )

    def _read_list(self) -> dict[str, tuple[int, int]]:
        try:
            listed = json.loads(self._list.read_text(encoding="utf-8"))
            return {name: (size, modified_ns) for name, (size, modified_ns) in listed.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}
