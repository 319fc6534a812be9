"""Totals of the sources against ours, with what each reason adds and what to do next.

What is compared, and by which reasons a difference is explained, is the models' business.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from reports.published import read_rows

UNEXPLAINED, NOT_IN_MARTS = "unexplained", "not in the marts"
_NEXT = {
    "equal": "",
    "duplicates united": "Nothing: several records of one person. `cdp identity explain CUSTOMER` says why.",
    "cancelled or refunded": "Nothing: they are no sales. The source counts them, we do not.",
    "guest orders": "Nothing: the source states what its accounts bought, and guests have none.",
    "currency": "Nothing: money in other currencies stands in its own line, and is never added up.",
    "rejected rows": "Correct the rows in raw.rejected_rows, then `cdp sources retry-rejected {source}`.",
    NOT_IN_MARTS: "Add a select for it to the mart, or take the measure out of control_totals of {source}.",
    UNEXPLAINED: "`cdp sources status {source}`, then compare {measure} by day with the tool's own report.",
}
_ROWS = """
    select source, measure, compared_with, currency, their_total, our_total, difference, unexplained_difference, class,
        explanation
    from metrics.reconciliation where $1 is null or source = $1
    order by class <> 'unexplained', source, measure, currency, compared_with
"""


@dataclass(frozen=True)
class Compared:
    """One figure of a source beside ours. Money is in `currency` (empty for counts); `difference` is ours less theirs."""

    source: str
    measure: str
    compared_with: str
    currency: str
    theirs: float
    ours: float
    difference: float
    unexplained: float
    verdict: str
    reasons: str
    next_step: str


def read_compared(connection: duckdb.DuckDBPyConnection, source: str | None = None) -> list[Compared]:
    """A row per figure, what is not explained first. Raises NotPublished where no run came as far."""
    return [
        Compared(
            source=row["source"],
            measure=row["measure"],
            compared_with=row["compared_with"],
            currency=row["currency"] or "",
            theirs=float(row["their_total"]),
            ours=float(row["our_total"]),
            difference=float(row["difference"]),
            unexplained=float(row["unexplained_difference"]),
            verdict=row["class"],
            reasons=row["explanation"] or "",
            next_step=_NEXT.get(row["class"], "").format(**row),
        )
        for row in read_rows(connection, _ROWS, [source])
    ]
