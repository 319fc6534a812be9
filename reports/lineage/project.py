"""Reads the graph of a dbt project: its manifest, the SQL its models compile to, raw tables, and what syncs send.

A table that Python fills says in its YAML where its columns come from: `derived_from` names columns of the project,
`origin` says it in words when they come from outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import Any

from reports.lineage.errors import LineageError, UnreadableModel
from reports.lineage.graph import Column, Field, Graph, Table
from reports.lineage.statements import ROWS, Origins, Relation, read_statement

Node = Mapping[str, Any]
Made = dict[Column, dict[Column, bool]]
STATED = "stated by the model itself"


@dataclass(frozen=True)
class RawTable:
    """A table that ingestion fills: the source it is of, who owns that, and column → description."""

    name: str
    source: str
    owner: str
    description: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Sync:
    """What a sync sends: remote field → column of its model. `destination` is the tool, `target` the list in it."""

    name: str
    destination: str
    target: str
    owner: str
    description: str
    model: str
    fields: Mapping[str, str]


def read_project(
    manifest: Node,
    compiled: Mapping[str, str],
    raw_tables: Iterable[RawTable],
    syncs: Iterable[Sync],
    seeds: Mapping[str, Sequence[str]],
) -> Graph:
    """The whole graph. `compiled` holds each SQL model's statement by unique id, `seeds` each seed's columns by name.

    Columns of everything else are those that are declared.

    Raises UnreadableModel naming the model, or LineageError for a declaration that names no column.
    """
    reading = _Reading(compiled, seeds)
    reading.add_raw(raw_tables)
    for node in _in_order(manifest):
        reading.add(node)
    reading.add_declared()
    for sync in syncs:
        reading.add_sync(sync)
    return Graph(reading.tables, reading.made_of)


def _in_order(manifest: Node) -> Iterator[Node]:
    """Sources, seeds and models, each after what it reads."""
    nodes = {
        name: node
        for name, node in {**manifest["sources"], **manifest["nodes"]}.items()
        if node["resource_type"] in ("source", "seed", "model")
    }
    graph = {
        name: [parent for parent in (node.get("depends_on") or {}).get("nodes", []) if parent in nodes]
        for name, node in sorted(nodes.items())
    }
    for name in TopologicalSorter(graph).static_order():
        yield nodes[name]


class _Reading:
    """The graph while it grows."""

    def __init__(self, compiled: Mapping[str, str], seeds: Mapping[str, Sequence[str]]) -> None:
        self.tables: dict[str, Table] = {}
        self.made_of: Made = {}
        self._compiled = compiled
        self._seeds = seeds
        self._names: dict[Relation, str] = {}
        self._nodes: list[tuple[Table, Node]] = []

    def add_raw(self, raw_tables: Iterable[RawTable]) -> None:
        for raw in raw_tables:
            name = f"raw.{raw.name}"
            fields = {column: Field(description=text) for column, text in raw.columns.items()}
            self._names[Relation("raw", raw.name)] = name
            self.tables[name] = Table(name, "raw", raw.description, raw.owner, raw.source, fields)

    def add(self, node: Node) -> None:
        table = _table(node, self._seeds.get(node["name"], ()))
        relation = Relation(node["schema"].lower(), _relation_name(node).lower())
        if relation in self._names:
            return  # a raw table: its source has declared it already
        self._names[relation] = table.name
        sql = self._compiled.get(node["unique_id"])
        if sql is None:
            self.tables[table.name] = table
            self._nodes.append((table, node))
            return
        try:
            outputs = read_statement(sql, self._schemas())
        except UnreadableModel as error:
            raise UnreadableModel(
                f"The columns of {table.name} cannot be traced: {error}. See {node['original_file_path']}; a column "
                f"of a table that Python fills is declared under `columns:` of its source."
            ) from error
        self.tables[table.name] = replace(
            table, fields={name: table.fields.get(name, Field()) for name in outputs}
        )
        for name, origins in outputs.items():
            self._connect(Column(table.name, name), origins, node)

    def _schemas(self) -> dict[Relation, list[str]]:
        return {
            relation: list(self.tables[name].fields)
            for relation, name in self._names.items()
            if name in self.tables and self.tables[name].fields
        }

    def _connect(self, column: Column, origins: Origins, node: Node) -> None:
        made = self.made_of.setdefault(column, {})
        for (relation, name), is_readable in origins.items():
            if relation not in self._names:
                raise UnreadableModel(
                    f"{column.table} reads {relation.schema}.{relation.name}, which nothing declares. "
                    f"Write it as a ref or a source in {node['original_file_path']}."
                )
            made[self._known(Column(self._names[relation], name), column)] = is_readable
        if not origins:
            self._note(column, STATED)

    def _known(self, origin: Column, reader: Column) -> Column:
        table = self.tables[origin.table]
        if origin.name != ROWS and origin.name not in table.fields:
            raise UnreadableModel(
                f"{reader.table} reads {origin}, which is no column that is known there. {table.name} has "
                f"{', '.join(table.fields) or 'none'}. What Python fills is declared under `columns:` in its YAML."
            )
        return origin

    def _note(self, column: Column, origin: str) -> None:
        table = self.tables[column.table]
        fields = {**table.fields, column.name: replace(table.fields[column.name], origin=origin)}
        self.tables[table.name] = replace(table, fields=fields)

    def add_declared(self) -> None:
        """What YAML says of tables that no SQL makes: sources filled by Python, and Python models."""
        for table, node in self._nodes:
            for column in node["columns"].values():
                for text in _meta(column).get("derived_from", []):
                    origin = Column(*text.rsplit(".", 1)) if "." in text else Column(text, "")
                    if origin.table not in self.tables or origin.name not in (
                        ROWS,
                        *self.tables[origin.table].fields,
                    ):
                        raise LineageError(
                            f"{table.name}.{column['name']} is declared to come from {text}, which does not exist. "
                            f"Correct `derived_from` in {node.get('patch_path') or node['original_file_path']}."
                        )
                    edges = self.made_of.setdefault(Column(table.name, column["name"].lower()), {})
                    edges[origin] = bool(_meta(column).get("keeps_values", False))

    def add_sync(self, sync: Sync) -> None:
        model = self.tables[sync.model]
        columns = sync.fields or {name: name for name in model.fields}
        for remote, column in columns.items():
            if column not in model.fields:
                raise LineageError(
                    f"Sync {sync.name} sends column {column} as {remote}, but {sync.model} has no such column. "
                    f"It has {', '.join(model.fields)}."
                )
            self.made_of[Column(sync.name, remote)] = {Column(sync.model, column): True}
        self.tables[sync.name] = Table(
            sync.name,
            "destination",
            sync.description,
            sync.owner,
            sync.destination,
            {remote: Field() for remote in columns},
        )


def _table(node: Node, columns: Sequence[str]) -> Table:
    is_source = node["resource_type"] == "source"
    layer = {"source": node["schema"], "seed": "seeds"}.get(node["resource_type"]) or node["fqn"][1]
    outside = str(_meta(node).get("origin") or "")
    fields = {name: Field() for name in columns} | {
        column["name"].lower(): Field(
            " ".join((column.get("description") or "").split()),
            str(_meta(column).get("pii") or ""),
            str(_meta(column).get("origin") or ("" if "derived_from" in _meta(column) else outside)),
        )
        for column in node["columns"].values()
    }
    return Table(
        name=f"{node['schema']}.{node['name']}" if is_source else node["name"],
        layer=layer,
        description=" ".join((node.get("description") or "").split()),
        owner=str(_meta(node).get("owner") or ""),
        fields=fields,
    )


def _relation_name(node: Node) -> str:
    return str(node.get("identifier") or node.get("alias") or node["name"])


def _meta(holder: Node) -> Mapping[str, Any]:
    """`meta` wherever dbt keeps it."""
    return {**(holder.get("meta") or {}), **((holder.get("config") or {}).get("meta") or {})}
