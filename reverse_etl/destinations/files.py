"""CSV files in a folder that a person or another tool picks up: each change rewrites the whole file, which mirrors the segment.

Writing it under a temporary name and renaming it is the transport's work.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Mapping, Sequence

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
    Verdict,
)
from reverse_etl.destinations.answers import classify_by_status, for_all
from reverse_etl.destinations.unread import Unread
from reverse_etl.normalisers import text

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
    """One CSV file per target, `<target>.csv`, with the declared fields as columns, ordered by key."""

    spec = FILES_SPEC

    def classify(self, response: Response) -> Verdict:
        return classify_by_status(response)

    def open_target(
        self, name: str, _account_id: str, _fields: Sequence[str], /
    ) -> Generator[Request, Response, str]:
        """No conversation: the file name is the target."""
        return f"{name}.csv"
        yield

    def encode(self, operations: Sequence[Operation], target: Target) -> list[Request]:
        """What a dry run shows: a file is written from the whole segment, not from operations."""
        return [Request("WRITE", target.remote, op_ids=tuple(operation.op_id for operation in operations))]

    def decode(
        self, _request: Request, _response: Response, operations: Sequence[Operation], /
    ) -> list[Outcome]:
        return for_all(operations, Status.ACCEPTED)


def write_snapshot(
    columns: Sequence[str], rows: Sequence[Mapping[str, str | None]], target: Target, op_ids: tuple[str, ...]
) -> Request:
    """The request that replaces the file by these rows (remote field → value), header first, UTF-8, LF."""
    return Request("WRITE", target.remote, content=_csv(columns, rows), op_ids=op_ids)


def without_rows(
    content: bytes, key_column: str, keys: set[str], target: Target, op_ids: tuple[str, ...]
) -> Request:
    """The request that rewrites an existing file without the rows of these keys: for withdrawals from a held sync."""
    reader = csv.DictReader(io.StringIO(content.decode("utf-8")))
    columns = list(reader.fieldnames or [])
    rows = [row for row in reader if row.get(key_column) not in keys]
    return Request("WRITE", target.remote, content=_csv(columns, rows), op_ids=op_ids)


def read_rows(content: bytes, key_column: str) -> list[Member]:
    """The rows of a file as members; an empty cell is null."""
    return [
        Member(row[key_column], {name: value or None for name, value in row.items()})
        for row in csv.DictReader(io.StringIO(content.decode("utf-8")))
    ]


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, str | None]]) -> bytes:
    text_file = io.StringIO()
    writer = csv.DictWriter(text_file, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text_file.getvalue().encode("utf-8")
