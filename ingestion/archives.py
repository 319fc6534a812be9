"""Compressed deliveries: what is in a ZIP, and a bounded copy of what was packed with gzip or ZIP.

Names inside an archive are only shown, never used as paths; what is unpacked is read elsewhere.
"""

from __future__ import annotations

import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from ingestion.errors import FileUnreadable
from ingestion.fingerprints import CHUNK_BYTES

# what the library raises for bytes that are not as they should be; RuntimeError is a password, the next an odd method
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, NotImplementedError, ValueError)
# exports pack to between a third and a fiftieth of their size; one that unpacks to far more is made to fill a disk
LARGEST_RATIO = 250
HARMLESS_BYTES = 1 << 30
MOST_MEMBERS = 10_000


@dataclass(frozen=True)
class Member:
    """A file inside a ZIP: its place in the list and its name with anything that climbs out of a folder removed."""

    number: int
    name: str


def list_members(path: Path) -> list[Member]:
    """The files in a ZIP by name, without folders and hidden files; repeated names are told apart by `~2`, `~3`, …

    Raises FileUnreadable when the list cannot be read.
    """
    with _opened(path) as archive:
        entries = archive.infolist()
    if len(entries) > MOST_MEMBERS:
        raise FileUnreadable(
            f"holds {len(entries):,} files, more than {MOST_MEMBERS:,}. Deliver it unpacked."
        )
    members: dict[str, Member] = {}
    for number, entry in enumerate(entries):
        parts = [part for part in entry.filename.replace("\\", "/").split("/") if part not in ("", ".", "..")]
        if entry.is_dir() or not parts or parts[0] == "__MACOSX" or any(part[0] == "." for part in parts):
            continue
        name = wanted = "/".join(parts)
        repeat = 1
        while name in members:
            repeat += 1
            name = f"{wanted}~{repeat}"
        members[name] = Member(number, name)
    return [members[name] for name in sorted(members)]


def unpack(path: Path, member: Member | None, workspace: Path) -> Path:
    """The file itself, or a copy of what is packed in it. Raises FileUnreadable for a damaged or boundless archive."""
    if member is not None:
        with _opened(path) as archive:
            entry = archive.infolist()[member.number]
            return _copy(lambda: archive.open(entry), entry.compress_size, member.name, workspace)
    if path.suffix.lower() == ".zip":
        list_members(path)
        raise FileUnreadable("is a ZIP without a file in it. Ask the source to export it again.")
    if not _is_gzip(path):
        return path
    return _copy(lambda: gzip.open(path), path.stat().st_size, path.name.removesuffix(".gz"), workspace)


def check_expansion(path: Path) -> None:
    """Raises FileUnreadable for a ZIP (also one under another name) that unpacks to far more than files do."""
    if zipfile.is_zipfile(path):
        with _opened(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        _refuse_boundless(unpacked, path.stat().st_size)


def read_chunks_of(path: Path, pattern: str) -> Iterator[bytes]:
    """The bytes of all files in a ZIP whose names fit."""
    with _opened(path) as archive:
        for entry in archive.infolist():
            if fnmatchcase(entry.filename, pattern):
                yield from _chunks(partial(archive.open, entry))


def _is_gzip(path: Path) -> bool:
    """By content: browsers unpack a `.gz` and keep its name, and programs pack a `.csv`."""
    with suppress(OSError), path.open("rb") as file:  # what cannot be opened is explained by its next reader
        return file.read(2) == b"\x1f\x8b"
    return False


def _copy(
    open_packed: Callable[[], IO[bytes] | gzip.GzipFile], packed: int, name: str, workspace: Path
) -> Path:
    suffix = PurePosixPath(name).suffix
    target = workspace / f"unpacked{suffix if suffix[1:].isalnum() else ''}"
    done = 0
    with target.open("wb") as copy:
        for chunk in _chunks(open_packed):
            done += len(chunk)
            _refuse_boundless(done, packed)
            copy.write(chunk)
    return target


def _refuse_boundless(unpacked: int, packed: int) -> None:
    if unpacked > HARMLESS_BYTES and unpacked > LARGEST_RATIO * packed:
        raise FileUnreadable(
            f"unpacks to more than {LARGEST_RATIO} times its size, as files do that are made to fill a disk. "
            f"If it is genuine, deliver it unpacked."
        )


def _chunks(open_packed: Callable[[], IO[bytes] | gzip.GzipFile]) -> Iterator[bytes]:
    try:
        with open_packed() as packed:
            while chunk := packed.read(CHUNK_BYTES):
                yield chunk
    except EOFError as error:
        raise FileUnreadable("looks cut off: its packed content ends too early. Deliver it again.") from error
    except (*_DAMAGE, OSError) as error:
        raise FileUnreadable(f"cannot be unpacked ({error}). Pack it again without a password.") from error


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (*_DAMAGE, OSError) as error:
        raise FileUnreadable(
            f"is not a readable ZIP, or only the beginning of one ({error}). Deliver it again."
        ) from error
    with archive:
        yield archive
