"""The data map: which tool's data goes into which tables and out to which tools, with rows, owners and personal data.

One self-contained page or a table of rows; which way a single column takes is told by `traces.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from reports.lineage.flow_picture import Flow, draw
from reports.lineage.graph import Column, Graph, Table
from reports.templating import PAGES

LAYERS = (
    "raw",
    "seeds",
    "state",
    "staging",
    "intermediate",
    "identity",
    "marts",
    "metrics",
    "analytics",
    "quality",
    "segments",
    "membership",
    "syncs",
    "destination",
)


@dataclass(frozen=True, slots=True)
class MapRow:
    """One table, or one sync at a destination. `rows` is None where they are not counted in what is published."""

    layer: str
    table: str
    system: str
    rows: int | None
    owner: str
    personal_data: tuple[str, ...]
    reads: tuple[str, ...]
    feeds: tuple[str, ...]
    description: str


def read_rows(graph: Graph, counts: Mapping[str, int]) -> list[MapRow]:
    """A row per table and per sync, layer by layer; `counts` holds rows by table name, for a sync those it wants there."""
    reads = {name: tuple(graph.reads(name)) for name in graph.tables}
    feeds: dict[str, list[str]] = {}
    for name, read in reads.items():
        for other in read:
            feeds.setdefault(other, []).append(name)
    tables = sorted(graph.tables.values(), key=lambda table: (_place(table), table.source, table.name))
    return [
        MapRow(
            layer=table.layer,
            table=table.name,
            system=table.source,
            rows=counts.get(table.name),
            owner=table.owner,
            personal_data=_classes(graph, (Column(table.name, name) for name in table.fields)),
            reads=reads[table.name],
            feeds=tuple(feeds.get(table.name, ())),
            description=table.description,
        )
        for table in tables
    ]


def read_flows(graph: Graph) -> list[Flow]:
    """A row per source and tool between which values travel readably, by name."""
    found: dict[tuple[str, str], set[tuple[Column, Column]]] = {}
    for table in graph.tables.values():
        if table.layer != "destination":
            continue
        for name in table.fields:
            field = Column(table.name, name)
            for origin in graph.reach([field], graph.made_of, readable=True):
                if graph.tables[origin.table].layer == "raw":
                    pair = (graph.tables[origin.table].source, table.source)
                    found.setdefault(pair, set()).add((origin, field))
    return [
        Flow(
            source,
            destination,
            columns=tuple(sorted({str(origin) for origin, _ in pairs})),
            fields=tuple(sorted({field.name for _, field in pairs})),
            personal_data=_classes(graph, (field for _, field in pairs)),
        )
        for (source, destination), pairs in sorted(found.items())
    ]


@dataclass(frozen=True, slots=True)
class RemoteField:
    """A field of a tool, the privacy classes of what it gets, and the sources that deliver it."""

    destination: str
    name: str
    personal_data: tuple[str, ...]
    sources: tuple[str, ...]


def read_fields(graph: Graph) -> list[RemoteField]:
    """A row per tool and field that gets values which a source delivered, by name; of all syncs to the tool together."""
    found: dict[tuple[str, str], set[Column]] = {}
    for table in graph.tables.values():
        if table.layer == "destination":
            for name in table.fields:
                found.setdefault((table.source, name), set()).add(Column(table.name, name))
    rows = []
    for (destination, name), fields in sorted(found.items()):
        origins = graph.reach(fields, graph.made_of, readable=True)
        sources = {
            graph.tables[each.table].source for each in origins if graph.tables[each.table].layer == "raw"
        }
        if sources:
            rows.append(RemoteField(destination, name, _classes(graph, fields), tuple(sorted(sources))))
    return rows


def render_map(graph: Graph, counts: Mapping[str, int], *, made_at: datetime, as_of: datetime | None) -> str:
    """The whole page as HTML text: no scripts, nothing fetched, nothing about single persons."""
    rows = read_rows(graph, counts)
    layers = [
        (layer, [row for row in rows if row.layer == layer])
        for layer in dict.fromkeys(row.layer for row in rows)
    ]
    return PAGES.get_template("data_map.html").render(
        layers=layers,
        fields=read_fields(graph),
        picture=draw(read_flows(graph)),
        made_at=made_at,
        as_of=as_of,
    )


def _classes(graph: Graph, columns: Iterable[Column]) -> tuple[str, ...]:
    return tuple(sorted({name for column in columns for name in graph.classes(column)}))


def _place(table: Table) -> int:
    return LAYERS.index(table.layer) if table.layer in LAYERS else len(LAYERS)
