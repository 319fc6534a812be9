"""The column graph of this project, as `cdp trace` reads it from its code; nothing is loaded or built for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reports.lineage.graph import Graph
from warehouse.settings import PROJECT_DIR

Trace = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def lineage_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("lineage")


@pytest.fixture(scope="session")
def cdp_trace(lineage_folder) -> Trace:
    """Runs `cdp trace` in a process of its own, on an installation where nothing has run yet."""
    environment = {"CDP_DATA_DIR": lineage_folder / "data", "DBT_TARGET_PATH": lineage_folder / "target"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli.main", "trace", *arguments],
            env={**os.environ, **{name: str(path) for name, path in environment.items()}},
            capture_output=True,
            text=True,
            timeout=600,
        )

    return run


@pytest.fixture(scope="session")
def project(cdp_trace, lineage_folder) -> tuple[Graph, dict]:
    """The graph, and the manifest it was read from."""
    done = cdp_trace("customers.email")
    assert done.returncode == 0, done.stdout + done.stderr
    kept = json.loads((lineage_folder / "target" / "column_lineage.json").read_bytes())
    return Graph.from_json(kept), read_manifest(lineage_folder)


def read_manifest(folder: Path) -> dict:
    """The project's manifest, as `dbt parse` writes it into a folder of ours."""
    folders = [
        "--project-dir",
        PROJECT_DIR,
        "--profiles-dir",
        PROJECT_DIR,
        "--target-path",
        folder / "parsed",
    ]
    command = [sys.executable, "-m", "dbt.cli.main", "parse", "--quiet", *map(str, folders)]
    environment = {**os.environ, "CDP_DATA_DIR": str(folder), "DBT_LOG_PATH": str(folder)}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=600)
    found: dict = json.loads((folder / "parsed" / "manifest.json").read_bytes())
    return found


@pytest.fixture(scope="session")
def graph(project) -> Graph:
    return project[0]
