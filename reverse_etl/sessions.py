"""One connection to the state for transactions that follow each other closely, instead of opening the file for each.

It is let go while a destination is waited for, and now and then in any case, so that nobody else waits for it long.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Self

import duckdb

OpenState = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]
BRIEFLY = 2.0  # seconds that a destination may take before the state is let go
_LONGEST = 10.0  # seconds after which it is let go at the next call that is waited for
# Opening and closing the file costs as much as writing a wave of 20,000 operations, most of it the checkpoint: a few
# waves share one. What was committed before is safe in the write-ahead log.
_CHECKPOINT = "set wal_autocheckpoint = '64MB'"


class StateSession:
    """Opens the state as `open_state` does, but keeps it open between calls; a call that fails lets it go."""

    def __init__(self, open_state: OpenState) -> None:
        self._open_state = open_state
        self._opened: AbstractContextManager[duckdb.DuckDBPyConnection] | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._since = 0.0

    @contextmanager
    def __call__(self) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = self._connection or self._open()
        try:
            yield connection
        except BaseException:
            self.release()
            raise

    def _open(self) -> duckdb.DuckDBPyConnection:
        self._opened = self._open_state()
        self._connection = self._opened.__enter__()
        self._since = time.monotonic()
        self._connection.execute(_CHECKPOINT)
        return self._connection

    def release(self) -> None:
        """Close the state; the next call opens it again."""
        opened, self._opened, self._connection = self._opened, None, None
        if opened is not None:
            opened.__exit__(None, None, None)

    def release_if_long(self) -> None:
        """Close the state if it has been open for long."""
        if time.monotonic() - self._since > _LONGEST:
            self.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
