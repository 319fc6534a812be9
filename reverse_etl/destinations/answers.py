"""Reading answers the way every HTTP tool shares: the verdict by status code, and outcomes for a whole request.

What a tool says in its own words is read in that tool's file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from reverse_etl.contract import Operation, Outcome, Response, Status, Verdict

_ADDRESS = re.compile(r"[^\s@\"'<>]+@[^\s@\"'<>]+")
_LONGEST_REASON = 300


def classify_by_status(response: Response) -> Verdict:
    """The verdict of plain HTTP: 2xx answered, 429 slow down, 401/403 stop, 408/5xx/no answer try again, else refused."""
    status = response.status
    if 200 <= status < 300:
        return Verdict.ANSWERED
    if status == 429:
        return Verdict.SLOW_DOWN
    if status in (401, 403):
        return Verdict.STOP
    if status in (0, 408) or status >= 500:
        return Verdict.TRY_AGAIN
    return Verdict.REFUSED


def body_of(response: Response) -> Mapping[str, Any]:
    """The body where it is a JSON object, else an empty one: an answer may be anything."""
    return response.body if isinstance(response.body, Mapping) else {}


def part_of(body: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """An object inside an object, by the names that lead to it; empty where there is none."""
    for name in names:
        inner = body.get(name)
        body = inner if isinstance(inner, Mapping) else {}
    return body


def rows_of(body: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects of a list in a body; none where it is no list."""
    rows = body.get(name)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def for_all(
    operations: Sequence[Operation], status: Status, reason: str | None = None, *, is_permanent: bool = True
) -> list[Outcome]:
    """The same outcome for every operation."""
    return [Outcome(operation.op_id, status, reason, is_permanent) for operation in operations]


def handed_over(operations: Sequence[Operation], job: str) -> list[Outcome]:
    """The tool took all of them in as one job of its own, and will say later what became of each."""
    return [Outcome(operation.op_id, Status.PENDING, job=job) for operation in operations]


def refused(operations: Sequence[Operation], reason: str) -> list[Outcome]:
    """A request the tool refused: alone, the row is bad; in company, halve the batch to find which one is."""
    if len(operations) == 1:
        return for_all(operations, Status.REJECTED, reason)
    return for_all(operations, Status.SPLIT, reason)


def nothing_processed(operations: Sequence[Operation]) -> list[Outcome]:
    """A success answer that mentions no record did nothing, whatever its status code says."""
    return for_all(operations, Status.UNKNOWN, "answered with success but processed no record")


def without_addresses(text: str) -> str:
    """A tool's own words with e-mail addresses blanked and cut to a line's length, fit for a log."""
    return _ADDRESS.sub("<address>", text)[:_LONGEST_REASON]
