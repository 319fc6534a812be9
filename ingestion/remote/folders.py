"""What every remote place can do, whatever it is made of: list its files, give one, look at one again.

The places themselves are in `s3.py` and `sftp.py`, the only modules of this package that use a network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from ingestion.declarations import Location
from ingestion.errors import SourceNotConfigured


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file as the place lists it: name relative to the folder, bytes, time of its last change (ns since 1970).

    The name is what the other side says, and may be anything.
    """

    name: str
    size: int
    modified_ns: int


class RemoteFolder(Protocol):
    """An open connection to one remote folder.

    Every method raises PullError (the place as a whole), ConnectionCut (worth another try), RemoteFileRefused (only
    this file) or RemoteFileChanged (the file is gone).
    """

    def list_files(self, depth: int, refuse: Callable[[str], None], /) -> Iterator[RemoteFile]:
        """Every file in the folder and at most `depth` folders down, in any order.

        `refuse` is told, as a sentence without its end, which folders inside cannot be listed.
        """

    def read(self, name: str) -> Iterator[bytes]:
        """The bytes of one file, in parts that fit into memory."""

    def look_at(self, name: str) -> RemoteFile:
        """One file as it is now."""


def read_settings(location: Location, environ: Mapping[str, str]) -> dict[str, str]:
    """The values of the environment variables a place names, by key. Raises SourceNotConfigured naming absent ones."""
    keys = ("user", "password", "key_file", "host_key")
    names = {key: name for key in keys if (name := getattr(location, key)) is not None}
    absent = [name for name in names.values() if not environ.get(name)]
    if absent:
        raise SourceNotConfigured(
            f"{location.url} needs {' and '.join(absent)} in the environment. Set {'it' if len(absent) == 1 else 'them'} "
            f"and run again."
        )
    return {key: environ[name] for key, name in names.items()}
