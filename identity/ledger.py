"""Writes the durable side of identity: assignments, ids ever given out, ledger, redirects and runs.

Only the state store is written here, in one transaction; which id goes where was decided in `assignment.py`, and what
was decided on earlier nights is read in `history.py`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime

import duckdb
import pyarrow as pa

from identity.assignment import Action, Assignment, Event
from identity.workspace import first_row
from warehouse.connections import transaction

RECORDS_SHOWN = 20  # record ids kept as evidence of one event


@dataclass(frozen=True)
class RunRow:
    """One row of state table identity.runs, without its number; totals are filled in by `commit`."""

    run_id: str
    as_of: datetime
    input_hash: str
    model_version: int
    pair_count: int
    created_count: int = 0
    merged_count: int = 0
    split_count: int = 0
    moved_count: int = 0
    retired_count: int = 0
    restored_count: int = 0
    record_count: int = 0
    customer_count: int = 0
    largest_cluster: int = 0

    def with_counts(self, happened: Counter[Action]) -> RunRow:
        """The row with how often each thing happened."""
        return replace(
            self,
            created_count=happened["created"],
            merged_count=happened["merged"],
            split_count=happened["split"],
            moved_count=happened["moved"],
            retired_count=happened["retired"],
            restored_count=happened["restored"],
        )


Bridge = dict[str, object]


def last_run(connection: duckdb.DuckDBPyConnection, state: str) -> RunRow | None:
    """The newest successful run, or None."""
    row = first_row(
        connection,
        f"select {', '.join(field.name for field in fields(RunRow))} from {state}.identity.runs"
        " order by run_number desc limit 1",
    )
    return RunRow(*row) if row else None


def commit(
    connection: duckdb.DuckDBPyConnection,
    state: str,
    assignment: Assignment,
    bridges: Mapping[tuple[str, str], Bridge],
    run: RunRow,
) -> RunRow:
    """Write assignment, ledger and run row to the state store, all or nothing; returns the row with its totals."""
    with transaction(connection):
        _write_customers(connection, state, assignment, run)
        _write_assignments(connection, state, assignment)
        _write_events(connection, state, assignment.events, bridges, run)
        run = _with_totals(connection, state, run)
        values = list(asdict(run).values())
        connection.execute(
            f"insert into {state}.identity.runs by name select (select coalesce(max(run_number), 0) + 1 from"
            f" {state}.identity.runs) as run_number, {', '.join(f'? as {name}' for name in asdict(run))}",
            values,
        )
    return run


def _with_totals(connection: duckdb.DuckDBPyConnection, state: str, run: RunRow) -> RunRow:
    row = first_row(
        connection,
        "select coalesce(sum(records), 0)::bigint, count(*), coalesce(max(records), 0) from (select count(*) as records"
        f" from {state}.identity.assignments where is_present group by customer_id)",
    )
    records, customers, largest = row if row else (0, 0, 0)
    return replace(run, record_count=records, customer_count=customers, largest_cluster=largest)


def _write_customers(
    connection: duckdb.DuckDBPyConnection, state: str, assignment: Assignment, run: RunRow
) -> None:
    new = sorted({event.customer_id for event in assignment.events if event.action in ("created", "split")})
    row = first_row(connection, f"select coalesce(max(created_order), 0) + 1 from {state}.identity.customers")
    start = int(row[0]) if row else 1
    _insert(
        connection,
        f"insert into {state}.identity.customers select customer_id, created_order, ?, ?, 'live' from arriving",
        {"customer_id": new, "created_order": list(range(start, start + len(new)))},
        [run.run_id, run.as_of],
    )
    statuses = {"merged": "merged", "retired": "retired", "restored": "live"}
    changed = [
        (event.customer_id, statuses[event.action]) for event in assignment.events if event.action in statuses
    ]
    _insert(
        connection,
        f"update {state}.identity.customers c set status = a.status from arriving a where a.customer_id = c.customer_id",
        {"customer_id": [customer for customer, _ in changed], "status": [status for _, status in changed]},
    )


def _write_assignments(connection: duckdb.DuckDBPyConnection, state: str, assignment: Assignment) -> None:
    table = f"{state}.identity.assignments"
    merged = [(e.customer_id, e.related_customer_id) for e in assignment.events if e.action == "merged"]
    _insert(
        connection,
        f"update {table} t set customer_id = a.new from arriving a where a.old = t.customer_id",
        {"old": [old for old, _ in merged], "new": [new for _, new in merged]},
    )
    columns = {
        "record_id": list(assignment.customer_of),
        "customer_id": list(assignment.customer_of.values()),
    }
    arriving = pa.table(columns, schema=pa.schema({"record_id": pa.string(), "customer_id": pa.string()}))
    connection.register("arriving", arriving)
    connection.execute(
        f"update {table} t set customer_id = a.customer_id, is_present = true from arriving a"
        " where a.record_id = t.record_id and (a.customer_id <> t.customer_id or not t.is_present)"
    )
    connection.execute(
        f"update {table} t set is_present = false where is_present and record_id in (select record_id from vanished)"
    )
    connection.execute(
        f"insert into {table} select record_id, customer_id, true from arriving"
        f" where record_id not in (select record_id from {table})"
    )
    connection.unregister("arriving")


def _write_events(
    connection: duckdb.DuckDBPyConnection,
    state: str,
    events: list[Event],
    bridges: Mapping[tuple[str, str], Bridge],
    run: RunRow,
) -> None:
    ((last_id,),) = connection.execute(
        f"select coalesce(max(ledger_id), 0) from {state}.identity.ledger"
    ).fetchall()
    reasons = [reason(event) for event in events]
    _insert(
        connection,
        f"insert into {state}.identity.ledger select ledger_id, ?, ?, action, customer_id, related_customer_id,"
        " reason, evidence from arriving",
        {
            "ledger_id": list(range(last_id + 1, last_id + 1 + len(events))),
            "action": [event.action for event in events],
            "customer_id": [event.customer_id for event in events],
            "related_customer_id": [event.related_customer_id for event in events],
            "reason": reasons,
            "evidence": [_evidence(event, bridges) for event in events],
        },
        [run.run_id, run.as_of],
    )
    merged = [(event, why) for event, why in zip(events, reasons, strict=True) if event.action == "merged"]
    _insert(
        connection,
        f"insert into {state}.identity.redirects select old, new, reason, ? from arriving",
        {
            "old": [event.customer_id for event, _ in merged],
            "new": [event.related_customer_id for event, _ in merged],
            "reason": [why for _, why in merged],
        },
        [run.as_of],
    )


def reason(event: Event) -> str:
    """The event as a sentence for people."""
    count = f"{len(event.records)} record" + ("" if len(event.records) == 1 else "s")
    sentences = {
        "created": f"First seen, with {count}.",
        "merged": f"Found to be the same person as {event.related_customer_id}; {count} went there.",
        "split": f"{count.capitalize()} of {event.related_customer_id} found to be another person.",
        "moved": f"{count.capitalize()} came over from {event.related_customer_id}.",
        "retired": f"No source holds any of its {count} any more.",
        "restored": f"Back with {count} after no source had held any.",
    }
    return sentences[event.action]


def _evidence(event: Event, bridges: Mapping[tuple[str, str], Bridge]) -> str:
    evidence: dict[str, object] = {
        "records": list(event.records[:RECORDS_SHOWN]),
        "record_count": len(event.records),
    }
    bridge = bridges.get((event.customer_id, event.related_customer_id or ""))
    if bridge:
        evidence["strongest_edge"] = bridge
    return json.dumps(evidence, ensure_ascii=False)


def _insert(
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    columns: dict[str, list[str]] | dict[str, list[str | None]] | dict[str, object],
    parameters: list[object] | None = None,
) -> None:
    """Run a statement over `arriving`, a table of these columns; does nothing when they are empty."""
    if not next(iter(columns.values())):
        return
    connection.register("arriving", pa.table(columns))
    connection.execute(statement, parameters or [])
    connection.unregister("arriving")
