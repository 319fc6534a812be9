"""Nodes of dbt's manifest as tables: their order, names, owners, and what is declared of their columns.

What their SQL makes of columns is read in `project.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any

from reports.lineage.graph import Field, Table
from reports.lineage.statements import Relation

Node = Mapping[str, Any]


def in_order(manifest: Node) -> Iterator[Node]:
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


def read_table(node: Node, columns: Sequence[str]) -> Table:
    is_source = node["resource_type"] == "source"
    layer = {"source": node["schema"], "seed": "seeds"}.get(node["resource_type"]) or node["fqn"][1]
    outside = str(meta(node).get("origin") or "")
    fields = {name: Field() for name in columns} | {
        column["name"].lower(): Field(
            " ".join((column.get("description") or "").split()),
            str(meta(column).get("pii") or ""),
            str(meta(column).get("origin") or ("" if "derived_from" in meta(column) else outside)),
        )
        for column in node["columns"].values()
    }
    return Table(
        name=f"{node['schema']}.{node['name']}" if is_source else node["name"],
        layer=layer,
        description=" ".join((node.get("description") or "").split()),
        owner=str(meta(node).get("owner") or ""),
        fields=fields,
    )


def relation_of(node: Node) -> Relation:
    """The table of a node as SQL names it."""
    name = node.get("identifier") or node.get("alias") or node["name"]
    return Relation(node["schema"].lower(), str(name).lower())


def meta(holder: Node) -> Mapping[str, Any]:
    """`meta` wherever dbt keeps it."""
    return {**(holder.get("meta") or {}), **((holder.get("config") or {}).get("meta") or {})}
