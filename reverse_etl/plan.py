"""A plan: what one sync would do, as data that outlives the warehouse connection it was made with.

How it is made stands in `planner.py`, how it is carried out in `runner.py`.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

import orjson
import pyarrow as pa

from reverse_etl.contract import Action, Lane, Operation, Request, Response, Target
from reverse_etl.declarations import SyncDeclaration
from reverse_etl.destinations.files import write_snapshot
from reverse_etl.gates import Counts, Hold
from reverse_etl.sentences import refusal

_COLUMNS = (
    "op_id", "action", "lane", "record_key", "remote_id", "identifiers", "payload", "row_hash", "consent_keys",
    "consented_at", "is_adopted", "is_uncertain", "was_removed_by_us",
)  # fmt: skip
JOURNALLED = ["op_id", "action", "lane", "remote_id", "record_key", "identifiers", "row_hash", "is_adopted"]
_ACTIONS = {str(action): action for action in Action}
_LANES = {str(lane): lane for lane in Lane}


class Wave(list[Operation]):
    """Operations that go out together; `rows` (Arrow) are what the journal keeps of them, as they were planned."""

    def __init__(self, operations: Iterable[Operation], rows: pa.Table) -> None:
        super().__init__(operations)
        self.rows = rows


@dataclass(frozen=True)
class Plan:
    """What one sync would do now.

    `operations` (a Spool, one row per operation, in sending order) are those that may be sent; `waiting` counts those
    that a hold keeps back. `refusals` (Arrow) has one row per refused row: record_key, reason. `settled_locally`
    (Arrow) are changes of ownership that need no call. `consent_mark` tells whether the consent log has grown since. `snapshot` (Arrow) has the full rows of a file destination.
    `old_account` is set for a target that the sync no longer points to: the account it is in (`left_behind.py`).
    """

    sync: SyncDeclaration
    target_key: str
    counts: Counts
    fields: tuple[str, ...] = ()
    mapping_version: str = ""
    operations: Any = None
    refusals: Any = None
    settled_locally: Any = None
    snapshot: Any = None
    hold: Hold | None = None
    waiting: int = 0
    not_configured: str | None = None
    known_target: str | None = None
    skipped: frozenset[str] = frozenset()
    consent_mark: tuple[Any, ...] = ()
    refused_counts: Mapping[str, int] = field(default_factory=dict)
    old_account: str | None = None

    @property
    def size(self) -> int:
        """How many operations would be sent."""
        return 0 if self.operations is None else int(self.operations.num_rows)

    @property
    def refused(self) -> dict[str, int]:
        """Refused rows by sentence, most frequent first."""
        ordered = sorted(self.refused_counts.items(), key=lambda item: (-item[1], item[0]))
        return {refusal(reason): count for reason, count in ordered}

    def waves(self, size: int) -> Iterator[Wave]:
        """Operations in sending order, at most `size` at a time, each wave of one kind (removals or not).

        A file is written once for all its operations, so they are one wave.
        """
        slices: list[pa.RecordBatch] = []
        held, is_removing = 0, False
        for run, removes in self._runs(is_mixed=self.sync.plugin.spec.is_snapshot):
            if slices and removes is not is_removing:
                yield self._wave(slices)
                slices, held = [], 0
            is_removing, start = removes, 0
            while start < run.num_rows:
                slices.append(run.slice(start, size - held))
                held += slices[-1].num_rows
                start += slices[-1].num_rows
                if held == size:
                    yield self._wave(slices)
                    slices, held = [], 0
        if slices:
            yield self._wave(slices)

    def _runs(self, *, is_mixed: bool) -> Iterator[tuple[pa.RecordBatch, bool]]:
        """Rows of `operations` that follow each other and are of one kind; True = removals."""
        if self.operations is None:
            return
        for batch in self.operations.to_batches():
            actions = [None] if is_mixed else batch.column("action").to_pylist()
            start = 0
            for removes, run in groupby(actions, lambda action: action == Action.REMOVE):
                length = batch.num_rows if is_mixed else len(list(run))
                yield batch.slice(start, length), removes
                start += length

    def _wave(self, slices: Sequence[pa.RecordBatch]) -> Wave:
        rows = pa.Table.from_batches(slices)
        return Wave(_to_operations(rows, self.skipped), rows.select(JOURNALLED))

    def requests(self) -> Iterator[Request]:
        """Exactly what would be written, without sending it: every request, byte for byte (a dry run).

        Only reads are missing, the tool's own id of a target that is still to be made, and ids that name one delivery.
        """
        plugin = self.sync.plugin
        account_id = self.target_key.split(":", 2)[1] if ":" in self.target_key else ""
        target = Target(
            self.target_key, self.sync.target, account_id, self.known_target or f"({self.sync.target})"
        )
        if self.snapshot is not None and self.size:
            # finding a file takes no call: the conversation ends with its name at once
            conversation = plugin.open_target(self.sync.target, account_id, self.fields)
            file = replace(target, remote=self.known_target or str(_ending(conversation)))
            yield write_snapshot(self.fields, self.snapshot_rows(set()), file, ())
            return
        for wave in self.waves(plugin.spec.wave):
            for start in range(0, len(wave), plugin.spec.batch):
                yield from plugin.encode(wave[start : start + plugin.spec.batch], target)

    def snapshot_rows(self, left_out: set[str]) -> list[Mapping[str, Any]]:
        """The rows of a file (remote field → value), without some record keys."""
        keys, payloads = (self.snapshot.column(name).to_pylist() for name in ("record_key", "payload"))
        return [
            json.loads(payload) for key, payload in zip(keys, payloads, strict=True) if key not in left_out
        ]

    @property
    def key_field(self) -> str:
        """The remote field that carries the record key (files)."""
        fields = self.sync.fields or {self.sync.key: self.sync.key}
        return next(remote for remote, column in fields.items() if column == self.sync.key)


def _ending(conversation: Generator[Request, Response, str]) -> str | None:
    try:
        next(conversation)
    except StopIteration as end:
        return str(end.value)
    return None


def _to_operations(batch: pa.Table, skipped: frozenset[str]) -> Iterator[Operation]:
    """Operations from rows of `Plan.operations`; fields in `skipped` are left out where they are empty."""
    columns = (batch.column(name).to_pylist() for name in _COLUMNS)
    for op_id, action, lane, record_key, remote_id, identifiers, payload, row_hash, keys, at, *flags in zip(
        *columns, strict=True
    ):
        known = orjson.loads(identifiers)
        if None in known.values():
            known = {name: value for name, value in known.items() if value is not None}
        yield Operation(
            op_id, _ACTIONS[action], _LANES[lane], record_key, remote_id, known, _payload(payload, skipped), row_hash,
            keys, at, *flags,
        )  # fmt: skip


def _payload(text: str | None, skipped: frozenset[str]) -> dict[str, Any]:
    fields: dict[str, Any] = orjson.loads(text) if text else {}
    if not skipped:
        return fields
    return {name: value for name, value in fields.items() if value is not None or name not in skipped}
