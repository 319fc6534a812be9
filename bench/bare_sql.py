"""Runs the SQL of the last dbt build in one bare DuckDB connection: the baseline for what dbt and Dagster add.

Reads what dbt compiled; works on a copy of the warehouse, which it changes.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from warehouse.functions.registration import register_functions


def main(warehouse: Path, target: Path) -> None:
    """Rebuild every model and run every data test of the manifest, in order, without dbt."""
    manifest = json.loads((target / "manifest.json").read_bytes())
    connection = duckdb.connect(warehouse)
    register_functions(connection)
    limit = os.environ.get("CDP_MEMORY_LIMIT", "4GB")
    connection.execute(f"set threads = 2; set memory_limit = '{limit}'; set TimeZone = 'UTC'")
    models = tests = 0
    for node, sql in compiled(manifest, target):
        if node["resource_type"] == "model":
            relation = re.sub(r'^"[^"]+"\.', "", node["relation_name"])
            kind = "view" if node["config"]["materialized"] == "view" else "table"
            connection.execute(f"create or replace {kind} {relation} as {sql}")
            models += 1
        else:
            connection.execute(f"select count(*) from ({sql}) as failures").fetchall()
            tests += 1
    connection.close()
    print(json.dumps({"models": models, "tests": tests}))


def compiled(manifest: Mapping[str, Any], target: Path) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Each model and data test that has compiled SQL, in dependency order; a Python model's table stays as it is."""
    nodes = manifest["nodes"]
    graph = {
        key: [p for p in node["depends_on"].get("nodes", []) if p in nodes] for key, node in nodes.items()
    }
    for key in TopologicalSorter(graph).static_order():
        node = nodes[key]
        file = target / "compiled" / "cdp" / node["original_file_path"]
        if node["resource_type"] == "test":
            file = file / node["path"] if file.suffix == ".yml" else file
        if node["resource_type"] in {"model", "test"} and file.suffix == ".sql" and file.is_file():
            yield node, file.read_text()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
