"""Reads the graph of a dbt project: its manifest, the SQL its models compile to, raw tables, and what syncs send.

A table that Python fills says in its YAML where its columns come from: `derived_from` names columns of the project,
`origin` says it in words when they come from outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reports.lineage.conditions import Rows
from reports.lineage.errors import LineageError, UnreadableModel
from reports.lineage.graph import Column, Field, Graph, Table
from reports.lineage.nodes import Node, in_order, meta, read_table, relation_of
from reports.lineage.statements import ROWS, Origins, Relation, Statement, read_statement

STATED = "stated by the model itself"
METRICS = "metrics_daily"  # the model with every metric, told apart by its column `metric`
Made = dict[Column, dict[Column, bool]]


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
    for node in in_order(manifest):
        reading.add(node)
    reading.add_declared()
    for metric in manifest.get("metrics", {}).values():
        reading.add_metric(metric)
    for sync in syncs:
        reading.add_sync(sync)
    return Graph(reading.tables, reading.made_of, reading.parts)


class _Reading:
    """The graph while it grows."""

    def __init__(self, compiled: Mapping[str, str], seeds: Mapping[str, Sequence[str]]) -> None:
        self.tables: dict[str, Table] = {}
        self.made_of: Made = {}
        self.parts: dict[Column, Field] = {}
        self._compiled = compiled
        self._seeds = seeds
        self._names: dict[Relation, str] = {}
        self._paths: dict[str, str] = {}
        self._statements: dict[str, Statement] = {}
        self._looked_up: dict[tuple[Column, Rows], Column | None] = {}
        self._nodes: list[tuple[Table, Node]] = []

    def add_raw(self, raw_tables: Iterable[RawTable]) -> None:
        for raw in raw_tables:
            name = f"raw.{raw.name}"
            fields = {column: Field(description=text) for column, text in raw.columns.items()}
            self._names[Relation("raw", raw.name)] = name
            self.tables[name] = Table(name, "raw", raw.description, raw.owner, raw.source, fields)

    def add(self, node: Node) -> None:
        table = read_table(node, self._seeds.get(node["name"], ()))
        if relation_of(node) in self._names:
            return  # a raw table: its source has declared it already
        self._names[relation_of(node)] = table.name
        sql = self._compiled.get(node["unique_id"])
        if sql is None:
            self.tables[table.name] = table
            self._nodes.append((table, node))
            return
        try:
            statement = read_statement(sql, self._schemas())
            outputs = statement.outputs()
        except UnreadableModel as error:
            raise UnreadableModel(
                f"The columns of {table.name} cannot be traced: {error}. See {node['original_file_path']}; a column "
                f"of a table that Python fills is declared under `columns:` of its source."
            ) from error
        self.tables[table.name] = replace(
            table, fields={name: table.fields.get(name, Field()) for name in outputs}
        )
        self._statements[table.name], self._paths[table.name] = statement, node["original_file_path"]
        for name, origins in outputs.items():
            column = Column(table.name, name)
            self.made_of[column] = self._resolved(column, origins)
            if not self.made_of[column]:
                self._note(column, STATED)

    def _schemas(self) -> dict[Relation, list[str]]:
        return {
            relation: list(self.tables[name].fields)
            for relation, name in self._names.items()
            if name in self.tables and self.tables[name].fields
        }

    def _resolved(self, column: Column, origins: Origins) -> dict[Column, bool]:
        made: dict[Column, bool] = {}
        for (relation, name, rows), is_readable in origins.items():
            if relation not in self._names:
                raise UnreadableModel(
                    f"{column.table} reads {relation.schema}.{relation.name}, which nothing declares. "
                    f"Write it as a ref or a source in {self._paths[column.table]}."
                )
            origin = self._part(self._known(Column(self._names[relation], name), column), rows)
            if origin is not None:
                made[origin] = is_readable or made.get(origin, False)
        return made

    def _part(self, whole: Column, rows: Rows) -> Column | None:
        """What stands for these rows of a column alone; the whole column where they are made of all that it is.

        None where there are no such rows.
        """
        statement = self._statements.get(whole.table)
        if not rows or statement is None or whole.name == ROWS:
            return whole
        place = (whole, rows)
        if place not in self._looked_up:
            origins = statement.outputs(rows).get(whole.name)
            self._looked_up[place] = None if origins is None else self._new_part(whole, rows, origins)
        return self._looked_up[place]

    def _new_part(self, whole: Column, rows: Rows, origins: Origins) -> Column:
        made = self._resolved(whole, origins)
        for at in range(len(rows)):
            fewer = self._part(whole, rows[:at] + rows[at + 1 :])
            if fewer is not None and self.made_of[fewer] == made:
                return fewer
        part = replace(whole, where=" and ".join(f"{name} = '{text}'" for name, text in rows))
        self.made_of[part] = made
        said = self.tables[whole.table].fields[whole.name]
        self.parts[part] = said if made else replace(said, origin=STATED)
        return part

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
                for text in meta(column).get("derived_from", []):
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
                    edges[origin] = bool(meta(column).get("keeps_values", False))

    def add_metric(self, metric: Node) -> None:
        """A metric is a part of the table that holds them all."""
        if METRICS not in self.tables:
            return
        part = self._part(Column(METRICS, "value"), (("metric", metric["name"]),))
        if part is not None and part.where and self.made_of[part]:
            told = " ".join((metric.get("description") or "").split())
            self.parts[part] = replace(self.parts[part], description=told)

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
