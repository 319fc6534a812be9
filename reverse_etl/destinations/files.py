"""Files that a person or another tool picks up, in a folder, a bucket or on an SFTP server: each change rewrites the whole file.

Which format it has, CSV, JSON lines or Parquet, its name's ending says; writing it whole or not at all is the
transport's work.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath

import pyarrow as pa
import pyarrow.parquet as pq

from reverse_etl.contract import (
    DestinationSpec,
    MatchKey,
    Member,
    Operation,
    Outcome,
    Request,
    Response,
    Status,
    Target,
)
from reverse_etl.destinations.answers import (
    for_all,
    nothing_processed,
    without_addresses,
)
from reverse_etl.destinations.targets import explanation
from reverse_etl.destinations.unread import Unread
from reverse_etl.normalisers import text

Row = Mapping[str, str | None]
FORMATS = ("csv", "jsonl", "parquet")
FILES_SPEC = DestinationSpec(
    destination="files",
    object="file",
    match_keys=(MatchKey("key", "key", text),),
    rules={},
    other=text,
    norm_version="files-1",
    batch=10_000_000,
    wave=10_000_000,
    requests_per_second=1000.0,
    is_snapshot=True,
    modes=("mirror",),
)


class Files(Unread):
    """One file per target, `<target>.<format>` (CSV unless the name says otherwise), with the declared fields, ordered by key."""

    def __init__(self, destination: str = "files") -> None:
        self.spec = replace(FILES_SPEC, destination=destination)

    def open_target(
        self, name: str, _account_id: str, _fields: Sequence[str], /
    ) -> Generator[Request, Response, str]:
        """No conversation: the file name is the target."""
        return name if _format(name) else f"{name}.csv"
        yield

    def encode(self, operations: Sequence[Operation], target: Target) -> list[Request]:
        """What a dry run shows: a file is written from the whole segment, not from operations."""
        return [Request("WRITE", target.remote, op_ids=tuple(operation.op_id for operation in operations))]

    def decode(
        self, _request: Request, response: Response, operations: Sequence[Operation], /
    ) -> list[Outcome]:
        if response.status == 200:
            return for_all(operations, Status.ACCEPTED)
        if 200 <= response.status < 300:
            return nothing_processed(operations)
        words = without_addresses(explanation(response)) or f"it was refused ({response.status})"
        return for_all(
            operations, Status.REJECTED, f"The file could not be written: {words}", is_permanent=False
        )


def write_snapshot(
    columns: Sequence[str], rows: Sequence[Row], target: Target, op_ids: tuple[str, ...]
) -> Request:
    """The request that replaces the file by these rows (remote field → value)."""
    content = _WRITERS[_format(target.remote) or "csv"](columns, rows)
    return Request("WRITE", target.remote, content=content, op_ids=op_ids)


def without_rows(
    content: bytes, key_column: str, keys: set[str], target: Target, op_ids: tuple[str, ...]
) -> Request:
    """The request that rewrites an existing file without the rows of these keys: for withdrawals from a held sync."""
    columns, rows = _READERS[_format(target.remote) or "csv"](content)
    kept = [row for row in rows if row.get(key_column) not in keys]
    return write_snapshot(columns, kept, target, op_ids)


def read_rows(content: bytes, key_column: str, name: str = ".csv") -> list[Member]:
    """The rows of a file as members; an empty cell is null."""
    _, rows = _READERS[_format(name) or "csv"](content)
    return [
        Member(str(row[key_column]), {name: value or None for name, value in row.items()}) for row in rows
    ]


def _format(name: str) -> str | None:
    ending = PurePath(name).suffix.removeprefix(".")
    return ending if ending in FORMATS else None


def _to_csv(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Header first, UTF-8, LF."""
    text_file = io.StringIO()
    writer = csv.DictWriter(text_file, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text_file.getvalue().encode("utf-8")


def _from_csv(content: bytes) -> tuple[list[str], list[Row]]:
    reader = csv.DictReader(io.StringIO(content.decode("utf-8")))
    return list(reader.fieldnames or []), list(reader)


def _to_jsonl(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    lines = (json.dumps({name: row.get(name) for name in columns}, ensure_ascii=False) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def _from_jsonl(content: bytes) -> tuple[list[str], list[Row]]:
    rows = [json.loads(line) for line in content.decode("utf-8").splitlines()]
    return list(rows[0]) if rows else [], rows


def _to_parquet(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Every column as text: types are the reader's to choose."""
    arrays = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in columns}
    buffer = pa.BufferOutputStream()
    pq.write_table(pa.table(arrays), buffer)
    return bytes(buffer.getvalue().to_pybytes())


def _from_parquet(content: bytes) -> tuple[list[str], list[Row]]:
    table = pq.read_table(pa.BufferReader(content))
    return list(table.column_names), list(table.to_pylist())


_WRITERS: Mapping[str, Callable[[Sequence[str], Sequence[Row]], bytes]] = {
    "csv": _to_csv,
    "jsonl": _to_jsonl,
    "parquet": _to_parquet,
}
_READERS: Mapping[str, Callable[[bytes], tuple[list[str], list[Row]]]] = {
    "csv": _from_csv,
    "jsonl": _from_jsonl,
    "parquet": _from_parquet,
}
