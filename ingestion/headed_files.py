"""A delivered file as the engine sees it with one line in front of it: nothing is copied, the file stays as it is.

Only bytes and the engine's way of asking for them belong here; what the line in front is for is told by its caller.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from fsspec import AbstractFileSystem

_PROTOCOL = "headed"


def put_in_front(connection: duckdb.DuckDBPyConnection, head: bytes, path: Path, skip: int = 0) -> str:
    """The address under which this connection reads `head` and then the file from byte `skip` on.

    It holds until the next call with the same connection: one file is read at a time.
    """
    if _PROTOCOL in connection.list_filesystems():
        connection.unregister_filesystem(_PROTOCOL)
    connection.register_filesystem(_HeadedFiles(head, path, skip))
    return f"{_PROTOCOL}://{path.stat().st_mtime_ns}"


class _HeadedFiles(AbstractFileSystem):  # type: ignore[misc]  # the library has no types
    """A file system of one file, whatever it is called, in the form that the engine takes file systems in."""

    protocol = _PROTOCOL
    cachable = False

    def __init__(self, head: bytes, path: Path, skip: int) -> None:
        super().__init__()
        self._head, self._file, self._skip = head, path, skip

    def open(self, *_: object, **__: object) -> _HeadedFile:
        return _HeadedFile(self._head, self._file, self._skip)

    def glob(self, path: str, **_: object) -> list[str]:
        return [path]

    def exists(self, *_: object, **__: object) -> bool:
        return True

    def info(self, path: str, **_: object) -> dict[str, object]:
        size = len(self._head) + self._file.stat().st_size - self._skip
        return {"name": path, "size": size, "type": "file"}

    def modified(self, *_: object) -> datetime:
        return datetime.fromtimestamp(self._file.stat().st_mtime, UTC)


class _HeadedFile:
    """The part of Python's file interface that the engine uses; each of its threads opens one of its own."""

    def __init__(self, head: bytes, path: Path, skip: int) -> None:
        self._head, self._skip = head, skip
        self._descriptor = os.open(path, os.O_RDONLY)
        self._at = 0

    def read(self, size: int) -> bytes:
        start = self._at
        found = self._head[start : start + size]
        while len(found) < size:
            offset = self._skip + start + len(found) - len(self._head)
            more = os.pread(self._descriptor, size - len(found), offset)
            if not more:
                break
            found = found + more if found else more
        self._at = start + len(found)
        return found

    def seek(self, offset: int) -> None:
        self._at = offset

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
