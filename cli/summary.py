"""The end of a run in words a shop owner understands: what came in, who they are, what went out, what needs a person.

Everything is read from the published tables and the state, so that any run, also the nightly one, can be told.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from alerts import KINDS
from cli.metric import print_current
from cli.quality import print_quality
from cli.terminal import console, heading, number, table
from identity.evaluation import METHODS
from reverse_etl.gates import held_because
from reverse_etl.log import read_runs
from reverse_etl.results import NEEDS_NOBODY
from segments.release import held_sentence, held_together
from warehouse.connections import open_state
from warehouse.publishing import open_published
from warehouse.settings import Settings

# files whose newest delivery was refused
REFUSED_FILES = """
    select file, message from raw.loads
    qualify row_number() over (partition by file order by load_id desc) = 1 and status = 'refused'
    order by file
"""


@dataclass(frozen=True)
class Problem:
    """Something that needs a person: what, and what to do next."""

    text: str


def print_summary(settings: Settings, run_id: str, seconds: float | None = None) -> list[Problem]:
    """Print the summary of the newest published run; returns what needs a person."""
    problems: list[Problem] = []
    newest_before = _newest_load_before(settings, run_id)
    with open_published(settings) as connection:
        problems += _sources(connection, newest_before)
        _customers(connection)
        print_quality(connection)
        print_current(connection)
        held = _segments(connection)
        problems += _failed_tests(connection)
    problems += _syncs(settings, run_id, held)
    problems += _sources_in_trouble(settings)
    _problems(problems)
    _where_next(settings, seconds)
    return problems


def _newest_load_before(settings: Settings, run_id: str) -> int:
    with open_state(settings) as connection:
        row = connection.execute("select summary from platform.runs where run_id = ?", [run_id]).fetchone()
    return int(json.loads(row[0])["newest_load_id_before"]) if row and row[0] else 0


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


def _sources(connection: duckdb.DuckDBPyConnection, newest_before: int) -> list[Problem]:
    heading("What came in")
    rows = connection.execute(
        """
        select source, count(distinct file) as files, sum(rows_loaded)::bigint,
            coalesce(sum(rows_loaded) filter (load_id > ?), 0)::bigint, sum(rows_rejected)::bigint
        from raw.loads where status = 'loaded' group by source order by source
        """,
        [newest_before],
    ).fetchall()
    total = ("all", *(sum(row[i] for row in rows) for i in (1, 2, 3, 4)))
    console.print(table(["source", "files", "rows", "new in this run", "rejected rows"], [*rows, total]))
    return [
        Problem(message if file in message else f"{file}: {message}")
        for file, message in _rows(connection, REFUSED_FILES)
    ]


def _sources_in_trouble(settings: Settings) -> list[Problem]:
    """Sources that are late, shrank, brought too many bad rows or did not answer; refused files are told above."""
    with open_state(settings) as connection:
        rows = connection.execute(
            "select subject, kind, sentence from platform.alerts where recovered_at is null "
            "and kind in ('late', 'shrinking', 'rejected', 'failed') order by all"
        ).fetchall()
    return [
        Problem(f"{subject.partition(':')[2]} {KINDS[kind].raised}. {sentence}")
        for subject, kind, sentence in rows
    ]


def _customers(connection: duckdb.DuckDBPyConnection) -> None:
    heading("Who they are")
    records, customers = _rows(
        connection, "select count(*), count(distinct customer_id) from identity.identity_clusters"
    )[0]
    console.print(
        f"{number(records)} records describe {number(customers)} customers: "
        f"{number(records - customers)} duplicates found."
    )
    _groups(connection)
    measured = _rows(
        connection,
        f"""
        select method, metric, value from identity.identity_evaluation
        where metric in ('precision', 'recall', 'f1') and method in {METHODS}
            and run_id = (select run_id from identity.identity_runs order by run_number desc limit 1)
        """,
    )
    if measured:
        methods = dict.fromkeys(method for method, _, _ in measured)
        values = {(method, metric): value for method, metric, value in measured}
        console.print(
            table(
                ["against the truth", "precision", "recall", "F1"],
                [
                    [m, *(f"{values[m, metric]:.4f}" for metric in ("precision", "recall", "f1"))]
                    for m in methods
                ],
            )
        )


def _groups(connection: duckdb.DuckDBPyConnection) -> None:
    """Households and companies beside the persons, and browsers that turned out to be somebody's."""
    households, people = _rows(
        connection, "select count(distinct household_id), count(*) from marts.household_members"
    )[0]
    companies, staff = _rows(
        connection, "select count(*), coalesce(sum(member_count), 0)::bigint from marts.companies"
    )[0]
    browsers, known, events = _rows(
        connection,
        """
        select count(distinct anonymous_id), count(distinct anonymous_id) filter (customer_id is not null),
            count(*) filter (customer_id is not null) from marts.events where anonymous_id is not null
        """,
    )[0]
    console.print(
        f"{number(people)} of them live in {number(households)} shared households, {number(staff)} belong to "
        f"{number(companies)} companies.\n{number(browsers)} browsers and phones visited; {number(known)} are a known "
        f"customer's, with {number(events)} page views and clicks."
    )


def _segments(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    """Prints all segments; returns those that are held: name, title, reasons."""
    heading("Segments")
    rows = _rows(
        connection,
        "select title, member_count::bigint, holdout_count::bigint, case when status = 'held' then 'held' else '' end "
        "from segments.segment_sizes order by 2 desc, 1",
    )
    console.print(table(["segment", "customers", "held out", ""], rows))
    return _rows(
        connection,
        "select segment_name, title, reasons from segments.segment_releases where status = 'held' order by 1",
    )


def _capitalised(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def _failed_tests(connection: duckdb.DuckDBPyConnection) -> list[Problem]:
    rows = _rows(
        connection,
        "select unique_id, status, message from state.dbt_results where status in ('fail', 'error') order by all",
    )
    return [Problem(f"{name.split('.')[2]}: {status}: {message}") for name, status, message in rows]


def _syncs(settings: Settings, run_id: str, held: list[tuple[str, str, str]]) -> list[Problem]:
    heading("What went out")
    with open_state(settings) as connection:
        runs = sorted(
            (run for run in read_runs(connection, limit=1000) if run["run_id"] == run_id),
            key=lambda run: run["sync"],
        )
    console.print(
        table(
            ["sync", "status", "added", "updated", "removed", "unchanged", "refused"],
            [
                [
                    r["sync"],
                    r["status"],
                    r["added"],
                    r["updated"],
                    r["removed"],
                    r["unchanged"],
                    _total(r["refused"]),
                ]
                for r in runs
            ],
        )
    )
    _refused(runs)
    for sentence in dict.fromkeys(run["message"] for run in runs if run["status"] == "not configured"):
        console.print(f"[yellow]•[/yellow] {sentence}")
    return _told_together([run for run in runs if run["status"] not in NEEDS_NOBODY], held)


def _told_together(
    runs: Iterable[dict[str, Any]], held: Iterable[tuple[str, str, str]] = ()
) -> list[Problem]:
    """One problem per reason: what holds a segment holds its syncs to every tool, and is said once."""
    by_reason: dict[str, list[str]] = {}
    for run in runs:
        by_reason.setdefault(_why(run), []).append(run["sync"])
    segments: dict[str, list[tuple[str, str, str]]] = {}
    for each in held:
        segments.setdefault(each[2], []).append(each)
    told = [Problem(_held_segments(alike, by_reason)) for alike in segments.values()]
    return told + [Problem(f"{', '.join(syncs)}: {why}") for why, syncs in by_reason.items()]


def _held_segments(alike: list[tuple[str, str, str]], by_reason: dict[str, list[str]]) -> str:
    """Segments that are held for one reason, with the syncs that wait for nothing else; these are taken out of `by_reason`."""
    waiting = [
        sync
        for name, title, why in alike
        for sync in by_reason.pop(held_because(held_sentence(name, title, (why,))), [])
    ]
    [sentence] = held_together(alike)
    syncs = f" Meanwhile only opt-outs go out of {', '.join(waiting)}." if waiting else ""
    return f"{_capitalised(sentence)}.{syncs}"


def _why(run: dict[str, Any]) -> str:
    rejected = [f"{count:,} refused by the tool: {why}" for why, count in json.loads(run["rejected"]).items()]
    told = [run["held_reason"], run["message"], *rejected]
    return " ".join(text for text in told if text) or f"{run['status']}; see `cdp sync log {run['sync']}`"


def _refused(runs: list[dict[str, Any]]) -> None:
    reasons: dict[str, int] = {}
    for run in runs:
        for reason, count in json.loads(run["refused"]).items():
            reasons[reason] = reasons.get(reason, 0) + count
    for reason, count in sorted(reasons.items(), key=lambda item: -item[1]):
        console.print(f"[dim]  not sent, {number(count)} ×:[/dim] {reason}")


def _total(refused: str) -> int:
    return int(sum(json.loads(refused).values()))


def _problems(problems: list[Problem]) -> None:
    if problems:
        heading("Needs a person")
        for problem in problems:
            console.print(f"[red]•[/red] {problem.text}")


def _where_next(settings: Settings, seconds: float | None) -> None:
    if seconds is not None:
        console.print(f"\nDone in {seconds:.0f} s.")
    heading("Where to look next")
    console.print(
        table(
            ["type", "to see"],
            [
                ["make ui", "lineage, runs and checks in the browser"],
                ["cdp identity explain CUSTOMER", "why these records are one customer"],
                ["cdp segment show lapsed_buyers", "who is in, and why"],
                ["cdp sync log", "every row that was sent"],
                [
                    "duckdb " + shlex.quote(_short(settings.published_path)),
                    "every table, with any tool that reads DuckDB",
                ],
            ],
        )
    )


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
