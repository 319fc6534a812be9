"""Finds the column that a person means, and follows it: up to raw columns, down to the fields of tools.

How the way is printed belongs to the command line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from reports.lineage.errors import UnknownColumn
from reports.lineage.graph import Column, Edges, Graph


@dataclass(frozen=True, slots=True)
class Step:
    """A column on the way. `is_readable`: values of the step before are still readable here, not only computed with.

    `is_repeated`: what comes after it was told where the column came first.
    """

    column: Column
    is_readable: bool
    next: tuple[Step, ...] = ()
    is_repeated: bool = False


def find_columns(graph: Graph, text: str) -> list[Column]:
    """The columns meant by `table.column`, `raw.table.column`, `tool.FIELD`, or by a table's name: all of its columns.

    Raises UnknownColumn with the nearest names.
    """
    found = _table_columns(graph, text)
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
        f"a tool and its field (mailchimp.FNAME), or a table."
    )


def _hint(close: list[str]) -> str:
    return f" Did you mean {' or '.join(close)}?" if close else ""


def follow(graph: Graph, column: Column, edges: Edges, *, everything: bool = False) -> Step:
    """The way from a column along `edges` (graph.made_of: up, graph.used_in: down), each column told once.

    Where values live on, only these ways are followed; `everything` also follows what is merely computed from them.
    """
    told: set[Column] = set()

    def walk(at: Column, is_readable: bool) -> Step:
        if at in told and edges.get(at):
            return Step(at, is_readable, is_repeated=True)
        told.add(at)
        ways = edges.get(at, {})
        chosen = (
            ways if everything or not any(ways.values()) else {to: kept for to, kept in ways.items() if kept}
        )
        if not everything and edges is graph.used_in and not any(ways.values()):
            chosen = {}  # downstream, what is only computed from a value no longer holds it
        return Step(at, is_readable, tuple(walk(to, kept) for to, kept in chosen.items()))

    return walk(column, True)


def flatten(
    step: Step, depth: int = 0, before: Column | None = None
) -> Iterator[tuple[int, Step, Column | None]]:
    """Every step with its depth and the column before it, in the order in which they are told."""
    yield depth, step, before
    for following in step.next:
        yield from flatten(following, depth + 1, step.column)
