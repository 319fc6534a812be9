"""What a run found out about the data itself, in the few lines of the summary: how good it is, and whether it adds up.

The figures are those of the published tables; the rows behind them are in schemas `quality` and `metrics`.
"""

from __future__ import annotations

import duckdb

from cli.terminal import console, heading, number

MODELS = ("data_quality_records", "data_quality_fields", "reconciliation")
SCORE = "select avg(score), sum(valid_count) / sum(filled_count) from quality.data_quality_records"
WEAKEST = """
    select source, field, invalid_count, filled_count, commonest_problem from quality.data_quality_fields
    where invalid_count > 0 order by valid_share, invalid_count desc, source, field limit 1
"""
CLASSES = "select class, count(*) from metrics.reconciliation group by class order by count(*) desc, class"
UNEXPLAINED = """
    select source, measure, compared_with, their_total::double, our_total::double, unexplained_difference::double
    from metrics.reconciliation where class = 'unexplained' order by all
"""


def print_quality(connection: duckdb.DuckDBPyConnection) -> None:
    """Print score, weakest field and reconciliation; nothing where a run never came as far as these models."""
    built = connection.execute(
        "select count(*) from duckdb_tables() where table_name in ?", [list(MODELS)]
    ).fetchone()
    if not built or built[0] < len(MODELS):
        return
    heading("How good the data is")
    _fields(connection)
    _totals(connection)


def _fields(connection: duckdb.DuckDBPyConnection) -> None:
    score, usable = connection.execute(SCORE).fetchall()[0]
    if score is None:
        return
    weakest = connection.execute(WEAKEST).fetchone()
    console.print(
        f"Quality score {score:.2f} of 1; {usable or 0:.1%} of the details that sources gave can be used."
    )
    if weakest:
        source, field, invalid, filled, problem = weakest
        console.print(
            f"Weakest: {field} of {source}, {number(invalid)} of {number(filled)} are no use (mostly: {problem})."
        )


def _totals(connection: duckdb.DuckDBPyConnection) -> None:
    classes = dict(connection.execute(CLASSES).fetchall())
    reasons = [name for name in classes if name not in ("equal", "unexplained", "not in the marts")]
    explained = sum(classes[name] for name in reasons)
    told = f" ({', '.join(reasons)})" if reasons else ""
    compared = sum(classes.values()) - classes.get("not in the marts", 0)
    if not compared:
        return
    console.print(
        f"{number(compared)} totals of the sources compared with ours: {number(classes.get('equal', 0))} "
        f"equal, {number(explained)} explained{told}, "
        f"{number(classes.get('unexplained', 0))} not."
    )
    for source, measure, compared_with, theirs, ours, rest in connection.execute(UNEXPLAINED).fetchall():
        console.print(
            f"[yellow]•[/yellow] {source} {measure}, {compared_with}: theirs {theirs:,.2f}, ours {ours:,.2f}; "
            f"{rest:+,.2f} is not explained. See metrics.reconciliation."
        )
