"""What people decide about pairs of records: kept in the state store, mirrored from a file in Git, exported to it.

A decision is about records, never about customer ids, so it holds whatever clusters become. Obeying it is the resolver's work.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

import duckdb

from identity.errors import DecisionInvalid
from identity.workspace import first_row
from warehouse.sql_text import path_literal

Verdict = Literal["must_link", "cannot_link", "withdrawn"]
DECISIONS_FILE = Path(__file__).parent / "decisions.csv"
COLUMNS = ("record_id_l", "record_id_r", "decision", "decided_at", "decided_by", "note")
_FROM_GIT = "git:"


@dataclass(frozen=True)
class Decision:
    """One person's verdict on one pair of records; `decided_at` is naive UTC. The newest verdict on a pair counts."""

    record_id_l: str
    record_id_r: str
    decision: Verdict
    decided_at: datetime
    decided_by: str
    note: str = ""

    @property
    def key(self) -> str:
        """The same pair, verdict and moment always give the same key, in whatever order the pair is named."""
        pair = sorted((self.record_id_l, self.record_id_r))
        text = "\0".join([*pair, self.decision, self.decided_at.isoformat()])
        return hashlib.sha256(text.encode()).hexdigest()[:24]


def decide(state: duckdb.DuckDBPyConnection, decision: Decision) -> None:
    """Keep a verdict in the state store; the next run obeys it. Deciding the same twice keeps one row.

    Raises DecisionInvalid when the pair is one record, or a record was never seen by a run.
    """
    _check(decision, "the decision")
    for record in (decision.record_id_l, decision.record_id_r):
        if not first_row(state, "select 1 from identity.assignments where record_id = ?", [record]):
            raise DecisionInvalid(
                f"No run has seen a record {record!r}. Take the id from `cdp identity explain`, as in "
                f"shopify_customers:123, and decide again."
            )
    _insert(state, "", [decision])


def mirror_file(state: duckdb.DuckDBPyConnection, path: Path = DECISIONS_FILE) -> int:
    """Make the decisions that came from the file be exactly those in it now; returns their number.

    Decisions made elsewhere are untouched. Raises DecisionInvalid naming the line.
    """
    decisions = read_file(path)
    keys = [_FROM_GIT + decision.key for decision in decisions]
    state.execute(
        "delete from identity.decisions where starts_with(decision_id, ?) and not list_contains(?::varchar[], decision_id)",
        [_FROM_GIT, keys],
    )
    _insert(state, _FROM_GIT, decisions)
    return len(decisions)


def read_file(path: Path) -> list[Decision]:
    """The decisions in a CSV file with COLUMNS. Raises DecisionInvalid naming file, line and what is wrong."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [name for name in COLUMNS[:4] if name not in (reader.fieldnames or ())]
        if missing:
            raise DecisionInvalid(
                f"{path.name} lacks the column {missing[0]!r}; it needs {', '.join(COLUMNS)}."
            )
        return [_from_row(row, f"{path.name}, line {reader.line_num}") for row in reader]


def export_file(state: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Write the newest verdict on every pair, from whatever origin, as a file for Git; returns the number of pairs.

    Withdrawn ones are left out: without a line, nothing is decided.
    """
    columns = ", ".join(COLUMNS)
    state.execute(
        f"copy (select {columns} from ({newest_verdicts()}) where decision <> 'withdrawn' order by 1, 2) "
        f"to {path_literal(path)} (header, delimiter ',')"
    )
    return len([row for row in read_decided(state) if row.decision != "withdrawn"])


def read_decided(state: duckdb.DuckDBPyConnection) -> list[Decision]:
    """The newest verdict on every pair, by pair."""
    rows = state.execute(f"select {', '.join(COLUMNS)} from ({newest_verdicts()}) order by 1, 2").fetchall()
    return [
        Decision(left, right, verdict, at, by or "", note or "")
        for left, right, verdict, at, by, note in rows
    ]


def newest_verdicts(table: str = "identity.decisions") -> str:
    """SQL for the newest verdict on every pair in the state's table of decisions, the smaller record id first."""
    return (
        "select * replace (least(record_id_l, record_id_r) as record_id_l, "
        f"greatest(record_id_l, record_id_r) as record_id_r) from {table} "
        "qualify row_number() over (partition by least(record_id_l, record_id_r), "
        "greatest(record_id_l, record_id_r) order by decided_at desc, decision_id desc) = 1"
    )


def _insert(state: duckdb.DuckDBPyConnection, origin: str, decisions: Sequence[Decision]) -> None:
    rows = [
        [origin + d.key, d.record_id_l, d.record_id_r, d.decision, d.decided_at, d.decided_by, d.note]
        for d in decisions
    ]
    if rows:
        state.executemany("insert or ignore into identity.decisions values (?, ?, ?, ?, ?, ?, ?)", rows)


def _from_row(row: dict[str, str | None], where: str) -> Decision:
    values = {name: (row.get(name) or "").strip() for name in COLUMNS}
    try:
        at = datetime.fromisoformat(values["decided_at"])
    except ValueError as error:
        raise DecisionInvalid(
            f"{where}: decided_at is {values['decided_at']!r}, not a date such as 2026-10-31 or 2026-10-31 14:05."
        ) from error
    decision = Decision(
        values["record_id_l"],
        values["record_id_r"],
        values["decision"],  # type: ignore[arg-type]  # checked in the next line
        at,
        values["decided_by"],
        values["note"],
    )
    _check(decision, where)
    return decision


def _check(decision: Decision, where: str) -> None:
    if decision.decision not in get_args(Verdict):
        raise DecisionInvalid(
            f"{where}: {decision.decision!r} is no verdict; it is one of {', '.join(get_args(Verdict))}."
        )
    if not decision.record_id_l or not decision.record_id_r or decision.record_id_l == decision.record_id_r:
        raise DecisionInvalid(f"{where}: a decision needs two different records.")
