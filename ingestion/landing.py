"""The landing folder: which delivered file belongs to which table, and what its bytes say about it.

This and `encodings.py` are the only modules that look at bytes; what the rows mean is read elsewhere.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingestion.declarations import Source, Table
from ingestion.errors import FileUnreadable

CHUNK_BYTES = 8 << 20
HEAD_BYTES = 64 << 10


@dataclass(frozen=True)
class Delivery:
    """One file for one table; `file` is its path relative to the landing folder, with forward slashes."""

    source: Source
    table: Table
    path: Path
    file: str

    @property
    def raw_table(self) -> str:
        return self.source.raw_table(self.table)


@dataclass(frozen=True)
class Fingerprint:
    """What one pass over the bytes told: identity (sha256, size) and everything that decides how to read them."""

    sha256: str
    size: int
    newlines: int
    has_quotes: bool
    has_nul: bool
    is_utf8: bool
    has_returns: bool
    ends_with_newline: bool
    head: bytes
    modified_ns: int

    @property
    def lines(self) -> int:
        """Physical lines: newlines, plus a last line that has none."""
        return self.newlines + (0 if self.ends_with_newline or not self.size else 1)


def find_deliveries(landing_dir: Path, source: Source) -> list[Delivery]:
    """The files of a source in load order: by table as declared, then by file name; hidden ones are no deliveries."""
    folder = landing_dir / source.name
    return [
        Delivery(source, table, path, path.relative_to(landing_dir).as_posix())
        for table in source.tables
        for path in sorted(
            {
                path
                for pattern in table.files
                for path in folder.glob(pattern)
                if path.is_file() and not _is_hidden(path, landing_dir)
            }
        )
    ]


def find_unclaimed(landing_dir: Path, sources: Sequence[Source]) -> list[str]:
    """Files in the sources' folders that no table asks for (hidden files aside), relative to landing."""
    claimed = {delivery.path for source in sources for delivery in find_deliveries(landing_dir, source)}
    files = [path for source in sources for path in (landing_dir / source.name).rglob("*") if path.is_file()]
    files = [path for path in files if not (path.name.startswith("~") or _is_hidden(path, landing_dir))]
    return sorted(path.relative_to(landing_dir).as_posix() for path in files if path not in claimed)


def _is_hidden(path: Path, landing_dir: Path) -> bool:
    """True for what a copying program has not finished, or keeps for itself."""
    return any(part.startswith(".") for part in path.relative_to(landing_dir).parts)


def find_unknown_folders(landing_dir: Path, sources: Sequence[Source]) -> list[str]:
    """Folders in landing that belong to no source: something was delivered that nobody declared."""
    known = {source.name for source in sources}
    folders = landing_dir.iterdir() if landing_dir.is_dir() else iter(())
    return sorted(folder.name for folder in folders if folder.is_dir() and folder.name not in known)


def take_fingerprint(path: Path) -> Fingerprint:
    """Read the file once, in chunks. Raises FileUnreadable when the system refuses or the file grows meanwhile."""
    try:
        before = path.stat()
        fingerprint = _scan(path, before.st_mtime_ns)
        after = path.stat()
    except OSError as error:
        raise FileUnreadable(
            f"cannot be read: {error.strerror}. Correct the file's permissions and run again."
        ) from error
    _refuse_change((before.st_size, before.st_mtime_ns), after)
    return fingerprint


def check_unchanged(path: Path, fingerprint: Fingerprint) -> None:
    """Raises FileUnreadable when the file is no longer the one whose fingerprint was taken."""
    try:
        _refuse_change((fingerprint.size, fingerprint.modified_ns), path.stat())
    except OSError as error:
        raise FileUnreadable("went away while it was read. Deliver it again.") from error


def _refuse_change(before: tuple[int, int], now: os.stat_result) -> None:
    if before != (now.st_size, now.st_mtime_ns):
        raise FileUnreadable("was still being written. Run again when the delivery is complete.")


def link_safely(path: Path, workspace: Path) -> Path:
    """The path itself, or a link with a plain name where the engine would take the name for a pattern."""
    if not set("*?[") & set(str(path)):
        return path
    link = workspace / "delivered"
    link.unlink(missing_ok=True)
    link.symlink_to(path.resolve())
    return link


def read_chunks(path: Path, offset: int = 0) -> Iterator[bytes]:
    """The file's bytes from `offset`, a few megabytes at a time."""
    with path.open("rb") as file:
        file.seek(offset)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _scan(path: Path, modified_ns: int) -> Fingerprint:
    digest = hashlib.sha256()
    size = newlines = 0
    quotes = nul = returns = False
    head = tail = b""
    is_utf8, carried = True, b""
    for chunk in read_chunks(path):
        digest.update(chunk)
        size += len(chunk)
        newlines += chunk.count(b"\n")
        quotes = quotes or b'"' in chunk
        nul = nul or b"\0" in chunk
        returns = returns or b"\r" in chunk
        if is_utf8 and not (not carried and chunk.isascii()):  # isascii is ten times faster than decoding
            is_utf8, carried = _continues_utf8(carried + chunk)
        head = head or chunk[:HEAD_BYTES]
        tail = chunk[-1:]
    return Fingerprint(
        sha256=digest.hexdigest(),
        size=size,
        newlines=newlines,
        has_quotes=quotes,
        has_nul=nul,
        is_utf8=is_utf8 and not carried,
        has_returns=returns,
        ends_with_newline=tail == b"\n",
        head=head,
        modified_ns=modified_ns,
    )


def _continues_utf8(chunk: bytes) -> tuple[bool, bytes]:
    """Whether the chunk is UTF-8 so far, and the bytes of a character that the next chunk must finish."""
    try:
        chunk.decode()
    except UnicodeDecodeError as error:
        rest = chunk[error.start :]
        return (True, rest) if error.reason == "unexpected end of data" and len(rest) < 4 else (False, b"")
    return True, b""
