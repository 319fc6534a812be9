"""Finds the column that a person means, and follows it: up to raw columns, down to the fields of tools.

How the way is printed belongs to the command line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from reports.lineage.errors import UnknownColumn
from reports.lineage.graph import Column, Edges, Graph
from reports.lineage.project import METRICS

_OF_METRIC = "metric = '"


@dataclass(frozen=True, slots=True)
class Step:
    """A column on the way. `is_readable`: values of the step before are still readable here, not only computed with.

    `is_repeated`: what comes after it was told where the column came first. `is_key`: something is only counted or told
    apart by it; how records become customers is a way of its own.
    """

    column: Column
    is_readable: bool
    next: tuple[Step, ...] = ()
    is_repeated: bool = False
    is_key: bool = False


def find_columns(graph: Graph, text: str) -> list[Column]:
    """The columns meant by `table.column`, `raw.table.column`, `tool.FIELD`, a metric, or a table: all of its columns.

    Raises UnknownColumn with the nearest names.
    """
    wanted = text.strip().lower()
    found = [part for part in graph.parts if wanted and wanted in (metric_of(part), str(part).lower())]
    found += _table_columns(graph, text)
    table, _, name = text.strip().rpartition(".")
    tables = {found.table for found in _table_columns(graph, table)}
    tables |= {known.name for known in graph.tables.values() if table and known.source == table.lower()}
    for known in sorted(tables):
        found += [
            Column(known, field) for field in graph.tables[known].fields if field.lower() == name.lower()
        ]
    # a tool is also a source: its remote fields come first
    found.sort(key=lambda column: graph.tables[column.table].layer != "destination")
    if not found:
        raise UnknownColumn(_unknown(graph, text, sorted(tables)))
    return list(dict.fromkeys(found))


def metric_of(column: Column) -> str:
    """The metric that a part of the metrics' table is; empty for every other column."""
    is_metric = column.table == METRICS and column.where.startswith(_OF_METRIC)
    return column.where.removeprefix(_OF_METRIC).removesuffix("'") if is_metric else ""


def _table_columns(graph: Graph, text: str) -> list[Column]:
    wanted = text.strip().lower()
    names = {name.lower(): name for name in graph.tables}
    names |= {
        f"{table.layer}.{table.name}".lower(): name
        for name, table in graph.tables.items()
        if "." not in table.name
    }
    found = names.get(wanted) or names.get(wanted.replace("__", "_"))
    return [Column(found, field) for field in graph.tables[found].fields] if found else []


def _unknown(graph: Graph, text: str, tables: list[str]) -> str:
    if tables:
        fields = sorted({field for name in tables for field in graph.tables[name].fields})
        close = difflib.get_close_matches(text.rpartition(".")[2], fields, n=3, cutoff=0.5)
        return f"{', '.join(tables)} has no column or field {text.rpartition('.')[2]}.{_hint(close)} It has {', '.join(fields)}."
    known = [str(column) for column in graph.columns()] + list(graph.tables)
    known += [metric for part in graph.parts if (metric := metric_of(part))]
    known += sorted(
        {
            f"{table.source}.{name}"
            for table in graph.tables.values()
            if table.layer == "destination"
            for name in table.fields
        }
    )
    close = difflib.get_close_matches(text, known, n=3, cutoff=0.5)
    return (
        f"Nothing is called {text}.{_hint(close)} Write table.column (customers.email), raw.table.column, "
        f"a tool and its field (mailchimp.FNAME), a metric (revenue), or a table."
    )


def _hint(close: list[str]) -> str:
    return f" Did you mean {' or '.join(close)}?" if close else ""


def follow(graph: Graph, column: Column, edges: Edges, *, everything: bool = False) -> Step:
    """The way from a column along `edges` (graph.made_of: up, graph.used_in: down), each column told once.

    Where values live on, only these ways are followed; `everything` also follows what is merely computed from them.
    """
    told: set[Column] = set()

    def walk(at: Column, is_readable: bool, is_computed: bool) -> Step:
        if at in told and edges.get(at):
            return Step(at, is_readable, is_repeated=True)
        if is_computed and not everything and graph.tables[at.table].layer == "identity":
            return Step(at, is_readable, is_key=True)
        told.add(at)
        chosen = _chosen(graph, at, edges, everything)
        return Step(
            at, is_readable, tuple(walk(to, kept, is_computed or not kept) for to, kept in chosen.items())
        )

    parts = graph.parts_of(column) if edges is graph.used_in else []
    whole = walk(column, True, False)
    others = [step for part in parts for step in walk(part, True, False).next if step.column != column]
    return replace(whole, next=(*whole.next, *others))


def _chosen(graph: Graph, at: Column, edges: Edges, everything: bool) -> Mapping[Column, bool]:
    ways = edges.get(at, {})
    kept = {to: True for to, is_readable in ways.items() if is_readable}
    if everything or (not kept and edges is graph.made_of):
        return ways
    return kept  # downstream, what is only computed from a value no longer holds it


def flatten(
    step: Step, depth: int = 0, before: Column | None = None
) -> Iterator[tuple[int, Step, Column | None]]:
    """Every step with its depth and the column before it, in the order in which they are told."""
    yield depth, step, before
    for following in step.next:
        yield from flatten(following, depth + 1, step.column)
