"""A query's rows in a file on disk, read back batch by batch, so that a million operations are never all in memory.

The file is unlinked as soon as it is open: it takes no room once nobody reads it any more, whatever happens.
"""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa

_BATCH = 10_000


class Spool:
    """Rows on disk in the order of their query. Only the rows of the batch that is read are in memory."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sql: str) -> None:
        # it lives as long as the plan that reads it, so no block can close it
        self._file = tempfile.TemporaryFile(prefix="cdp_spool_")  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self.num_rows = 0
        reader = connection.sql(sql).to_arrow_reader(_BATCH)
        with pa.ipc.new_file(self._file, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
                self.num_rows += batch.num_rows

    def to_batches(self) -> Iterator[pa.RecordBatch]:
        """The rows, batch by batch."""
        self._file.seek(0)
        reader = pa.ipc.open_file(self._file)
        for place in range(reader.num_record_batches):
            yield reader.get_batch(place)

    def to_pylist(self) -> list[dict[str, Any]]:
        """All rows as dicts, for a few of them."""
        return [row for batch in self.to_batches() for row in batch.to_pylist()]
