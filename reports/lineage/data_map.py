"""The data map: which tool's data goes into which tables and out to which tools, with rows, owners and personal data.

One self-contained page or a table of rows; which way a single column takes is told by `traces.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from jinja2 import Environment, PackageLoader, select_autoescape

from reports.lineage.graph import Column, Graph, Table

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
    "syncs",
    "destination",
)
_PAGES = Environment(
    loader=PackageLoader("reports"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    trim_blocks=True,
    lstrip_blocks=True,
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


@dataclass(frozen=True, slots=True)
class Flow:
    """What of one source's delivered data ends in one tool: its raw columns, the remote fields, the privacy classes."""

    source: str
    destination: str
    columns: tuple[str, ...]
    fields: tuple[str, ...]
    personal_data: tuple[str, ...]


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


def render_map(graph: Graph, counts: Mapping[str, int], *, made_at: datetime, as_of: datetime | None) -> str:
    """The whole page as HTML text: no scripts, nothing fetched, nothing about single persons."""
    rows = read_rows(graph, counts)
    layers = [
        (layer, [row for row in rows if row.layer == layer])
        for layer in dict.fromkeys(row.layer for row in rows)
    ]
    flows = read_flows(graph)
    return _PAGES.get_template("data_map.html").render(
        layers=layers, flows=flows, picture=_picture(flows), made_at=made_at, as_of=as_of
    )


def _classes(graph: Graph, columns: Iterable[Column]) -> tuple[str, ...]:
    return tuple(sorted({name for column in columns for name in graph.classes(column)}))


def _place(table: Table) -> int:
    return LAYERS.index(table.layer) if table.layer in LAYERS else len(LAYERS)


@dataclass(frozen=True, slots=True)
class Picture:
    """Sources on the left, tools on the right, a band for each flow; lengths in pixels."""

    height: int
    left: tuple[tuple[str, int], ...]
    right: tuple[tuple[str, int], ...]
    bands: tuple[tuple[int, int, float, str], ...]


def _picture(flows: list[Flow]) -> Picture:
    sources = list(dict.fromkeys(flow.source for flow in flows))
    tools = sorted({flow.destination for flow in flows})
    height = 44 * max(len(sources), len(tools), 1)
    left = {name: _middle(place, len(sources), height) for place, name in enumerate(sources)}
    right = {name: _middle(place, len(tools), height) for place, name in enumerate(tools)}
    bands = tuple(
        (
            left[flow.source],
            right[flow.destination],
            1.5 + min(len(flow.fields), 12),
            f"{flow.source} to {flow.destination}: {len(flow.fields)} fields",
        )
        for flow in flows
    )
    return Picture(height, tuple(left.items()), tuple(right.items()), bands)


def _middle(place: int, of: int, height: int) -> int:
    return round((place + 0.5) * height / of)
