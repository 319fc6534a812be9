"""Operations and their outcomes as columns, as the journal writes them, and as a view: one Arrow table per wave, no dict per row.

What is the same for a whole wave (sync, run, versions, times) is added in SQL by the journal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import orjson
import pyarrow as pa

from reverse_etl.contract import Operation, Outcome
from reverse_etl.plan import Wave

_TEXT, _FLAG = pa.string(), pa.bool_()


def operation_columns(operations: Sequence[Operation]) -> pa.Table:
    """One row per operation: what the journal keeps of it. A wave that is still as planned has them already."""
    if isinstance(operations, Wave):
        return operations.rows
    return pa.table(_columns(operations))


def outcome_columns(operations: Sequence[Operation], outcomes: Mapping[str, Outcome]) -> pa.Table:
    """One row per operation with what became of it. Raises KeyError for one without an outcome."""
    found = [outcomes[operation.op_id] for operation in operations]
    stated = [
        _stated_email(operation) if outcome.is_opt_out else None
        for operation, outcome in zip(operations, found, strict=True)
    ]
    told = {
        "status": pa.array([outcome.status.value for outcome in found], _TEXT),
        "reason": pa.array([outcome.reason for outcome in found], _TEXT),
        "is_permanent": pa.array([outcome.is_permanent for outcome in found], _FLAG),
        "is_opt_out": pa.array([outcome.is_opt_out for outcome in found], _FLAG),
        "job": pa.array([outcome.job for outcome in found], _TEXT),
        "opt_out_email": pa.array(stated, _TEXT),
    }
    rows = operation_columns(operations)
    return pa.table({**{name: rows.column(name) for name in rows.column_names}, **told})


def _columns(operations: Sequence[Operation]) -> dict[str, pa.Array]:
    identifiers = [orjson.dumps(operation.identifiers).decode() for operation in operations]
    return {
        "op_id": pa.array([operation.op_id for operation in operations], _TEXT),
        "action": pa.array([operation.action.value for operation in operations], _TEXT),
        "lane": pa.array([operation.lane.value for operation in operations], _TEXT),
        "remote_id": pa.array([operation.remote_id for operation in operations], _TEXT),
        "record_key": pa.array([operation.record_key for operation in operations], _TEXT),
        "identifiers": pa.array(identifiers, _TEXT),
        "row_hash": pa.array([operation.row_hash for operation in operations], _TEXT),
        "is_adopted": pa.array([operation.is_adopted for operation in operations], _FLAG),
    }


def _stated_email(operation: Operation) -> str | None:
    """The address of an operation as a consent statement names it; None when it is only known hashed."""
    keys = orjson.loads(operation.consent_keys or "[]")
    return next((key.removeprefix("email:") for key in keys if key.startswith("email:")), None)


@contextmanager
def registered(
    connection: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]] | pa.Table, name: str = "facts"
) -> Iterator[str]:
    """Rows (dicts or Arrow) as a view of the connection for the length of the block."""
    table = _to_table(rows) if isinstance(rows, list) else rows
    connection.register(f"cdp_{name}", table)
    yield f"cdp_{name}"
    # not in a `finally`: after an error the transaction is aborted, and the view goes with the connection
    connection.unregister(f"cdp_{name}")


def _to_table(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as columns: all text but the flags, since a column of nothing but None must not become an untyped one."""
    names = list(rows[0])
    types = {name: pa.bool_() if name.startswith("is_") else pa.string() for name in names}
    return pa.table({name: pa.array([row[name] for row in rows], types[name]) for name in names})
