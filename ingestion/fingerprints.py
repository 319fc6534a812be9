"""One pass over a delivered file's bytes: which content it is, and everything that decides how to read it.

This, `archives.py` and `encodings.py` are the modules that look at bytes; what the rows mean is read elsewhere.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from ingestion.errors import FileUnreadable

CHUNK_BYTES = 1 << 20  # several looks at a chunk cost little while it is still in the processor's cache
HEAD_BYTES = 64 << 10
_NEWLINE = ord("\n")


@dataclass(frozen=True)
class Fingerprint:
    """What one pass over the bytes told: identity (sha256, size) and everything that decides how to read them."""

    path: Path
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


def check_unchanged(fingerprint: Fingerprint) -> None:
    """Raises FileUnreadable when the file is no longer the one whose fingerprint was taken."""
    try:
        _refuse_change((fingerprint.size, fingerprint.modified_ns), fingerprint.path.stat())
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
    """The file's bytes from `offset`, in chunks of CHUNK_BYTES."""
    with path.open("rb", buffering=0) as file:
        file.seek(offset)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _scan(path: Path, modified_ns: int) -> Fingerprint:
    digest = hashlib.sha256()
    size = newlines = 0
    quotes = nul = returns = False
    head = tail = carried = b""
    is_utf8 = True
    for chunk in read_chunks(path):
        digest.update(chunk)
        size += len(chunk)
        # a third of what `chunk.count` costs
        newlines += int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == _NEWLINE))
        quotes = quotes or b'"' in chunk
        nul = nul or b"\0" in chunk
        returns = returns or b"\r" in chunk
        if is_utf8 and (carried or not chunk.isascii()):
            is_utf8, carried = _continues_utf8(carried + chunk)
        head = head or chunk[:HEAD_BYTES]
        tail = chunk[-1:]
    return Fingerprint(
        path=path,
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
    """Whether the chunk is UTF-8 so far, and the bytes of a character that the next chunk must finish.

    Arrow validates thirteen times faster than `bytes.decode`, which also builds the text.
    """
    cut = len(chunk) - _unfinished(chunk[-3:])
    ends = np.array([0, cut], np.int64)
    try:
        pa.LargeStringArray.from_buffers(1, pa.py_buffer(ends), pa.py_buffer(chunk)).validate(full=True)
    except pa.ArrowInvalid:
        return False, b""
    return True, chunk[cut:]


def _unfinished(tail: bytes) -> int:
    """How many of the last bytes begin a character that goes on after them."""
    for back in range(1, len(tail) + 1):
        byte = tail[-back]
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if back < needed else 0
        if byte < 0x80:
            return 0
    return 0
