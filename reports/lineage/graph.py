"""Tables, their columns, and which column is made of which: the graph that everything else here asks.

How it is read from the project belongs in `project.py`; how a way through it is shown, in `traces.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, astuple, dataclass, field, replace
from functools import cached_property
from typing import Any

from reports.lineage.statements import ROWS


@dataclass(frozen=True, order=True, slots=True)
class Column:
    """A column of a table; `ROWS` as name stands for the table's rows, which something counts.

    `where` makes it a part: the column in those rows of a long table only, where it is made of something else.
    """

    table: str
    name: str
    where: str = ""

    def __str__(self) -> str:
        if self.name == ROWS:
            return f"rows of {self.table}"
        return f"{self.table}.{self.name}" + (f" where {self.where}" if self.where else "")


@dataclass(frozen=True, slots=True)
class Field:
    """What is declared of a column: its meaning, its privacy class, and where it comes from when no SQL says so."""

    description: str = ""
    pii: str = ""
    origin: str = ""


@dataclass(frozen=True)
class Table:
    """A table or what a sync fills. `layer` is raw, staging, … syncs, or `destination`; `source` the tool it is of.

    Its name is the model's, `schema.name` for tables that no model makes, and the sync's name at a destination.
    """

    name: str
    layer: str
    description: str = ""
    owner: str = ""
    source: str = ""
    fields: Mapping[str, Field] = field(default_factory=dict)


Edges = Mapping[Column, Mapping[Column, bool]]


@dataclass(frozen=True)
class Graph:
    """`made_of`: column → the columns it is made of → whether their values are still readable in it.

    `parts` says what every part is that stands in it.
    """

    tables: Mapping[str, Table]
    made_of: Edges
    parts: Mapping[Column, Field] = field(default_factory=dict)

    @cached_property
    def used_in(self) -> Edges:
        """The same, the other way round."""
        used: dict[Column, dict[Column, bool]] = {}
        for column, origins in self.made_of.items():
            for origin, is_readable in origins.items():
                used.setdefault(origin, {})[column] = is_readable
        return used

    def columns(self) -> Iterator[Column]:
        """Every column of every table, in the tables' order; parts are left out."""
        for table in self.tables.values():
            yield from (Column(table.name, name) for name in table.fields)

    def reach(self, start: Iterable[Column], edges: Edges, *, readable: bool = False) -> set[Column]:
        """Everything that can be come to from `start` (itself left out); with `readable`, only where values survive."""
        found: set[Column] = set()
        waiting = list(start)
        while waiting:
            for column, is_readable in edges.get(waiting.pop(), {}).items():
                if column not in found and (is_readable or not readable):
                    found.add(column)
                    waiting.append(column)
        return found

    def parts_of(self, column: Column) -> list[Column]:
        """The parts of a column that something reads on their own."""
        if column.where:
            return []
        return [part for part in self.parts if replace(part, where="") == column]

    def declared(self, column: Column) -> Field:
        return self.parts.get(column) or self.tables[column.table].fields.get(column.name, Field())

    def classes(self, column: Column) -> tuple[str, ...]:
        """Privacy classes of a column; those of a raw one are what the models that read it say it is."""
        own = self.declared(column).pii
        if own or self.tables[column.table].layer not in ("raw", "destination"):
            return (own,) if own else ()
        raw = self.tables[column.table].layer == "raw"
        beside = self.used_in.get(column, {}) if raw else self.made_of.get(column, {})
        return tuple(sorted({self.declared(other).pii for other, kept in beside.items() if kept} - {""}))

    def reads(self, table: str) -> list[str]:
        """The tables that a table's columns are made of, in order."""
        found = {
            origin.table
            for name in self.tables[table].fields
            for origin in self.made_of.get(Column(table, name), {})
        }
        return [name for name in self.tables if name in found]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, for `from_json`."""
        return {
            "tables": [asdict(table) for table in self.tables.values()],
            "made_of": [
                [astuple(column), [[astuple(origin), kept] for origin, kept in origins.items()]]
                for column, origins in self.made_of.items()
            ],
            "parts": [[astuple(part), asdict(said)] for part, said in self.parts.items()],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Graph:
        tables = {}
        for each in stored["tables"]:
            fields = {name: Field(**said) for name, said in each["fields"].items()}
            tables[each["name"]] = Table(**{**each, "fields": fields})
        made_of = {
            Column(*column): {Column(*origin): kept for origin, kept in origins}
            for column, origins in stored["made_of"]
        }
        parts = {Column(*part): Field(**said) for part, said in stored["parts"]}
        return cls(tables, made_of, parts)
