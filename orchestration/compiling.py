"""Models of the dbt project as the SQL they become: of the running build, the working tree, or a revision in Git.

Compiling happens in a process and a folder of its own, so that neither the warehouse nor this process's dbt is touched.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from orchestration.errors import DbtFailed, plain
from segments.definitions import Model
from warehouse.settings import PROJECT_DIR

# what a segment's definition is made of: all SQL after identity resolution
_DEFINING = ("marts", "analytics", "segments")


@dataclass(frozen=True)
class CompiledProject:
    """A version of the dbt project: its manifest, and its models (name → SQL) as far as they were compiled."""

    manifest: Mapping[str, Any]
    models: Mapping[str, Model]


def compiled_models(manifest: Mapping[str, Any], texts: Mapping[str, str]) -> list[Model]:
    """The models that definitions are made of, out of compiled texts by unique id."""
    found = []
    for unique_id, sql in texts.items():
        node = manifest["nodes"].get(unique_id)
        if node is not None and sql and _is_defining(node):
            relation = f'"{node["schema"]}"."{node.get("alias") or node["name"]}"'
            found.append(Model(node["name"], relation, sql))
    return found


def _is_defining(node: Mapping[str, Any]) -> bool:
    layer, folder = node["fqn"][1], node["fqn"][2] if len(node["fqn"]) > 3 else ""
    return (
        node["resource_type"] == "model"
        and node.get("language") == "sql"
        and (layer in _DEFINING or (layer == "intermediate" and folder != "identity"))
    )


def compile_project(project_dir: Path, segments: Iterable[str]) -> CompiledProject:
    """Compile some segments and all they are built from. Raises DbtFailed with what dbt said."""
    with TemporaryDirectory(prefix="cdp-compile-") as folder:
        target = Path(folder) / "target"
        selected = [f"+segment_{name}" for name in segments]
        arguments = [
            "compile",
            "--quiet",
            "--no-use-colors",
            "--no-introspect",
            "--no-populate-cache",
            "--no-partial-parse",
        ]
        folders = [
            "--project-dir",
            str(project_dir),
            "--profiles-dir",
            str(project_dir),
            "--target-path",
            str(target),
            "--log-path",
            folder,
        ]
        finished = subprocess.run(
            [sys.executable, "-m", "dbt.cli.main", *arguments, *folders, "--select", *selected],
            env={**os.environ, "CDP_DATA_DIR": folder},
            capture_output=True,
            text=True,
        )
        if finished.returncode != 0:
            said = plain(finished.stdout.strip() or finished.stderr.strip())
            raise DbtFailed(f"The dbt project in {project_dir} could not be compiled.\n{said}")
        manifest = json.loads((target / "manifest.json").read_bytes())
    texts = {key: node.get("compiled_code") or "" for key, node in manifest["nodes"].items()}
    return CompiledProject(manifest, {model.name: model for model in compiled_models(manifest, texts)})


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """The dbt project as it was at a Git revision, in a folder that is gone afterwards. Raises DbtFailed."""
    command = [
        "git",
        "-C",
        str(PROJECT_DIR),
        "archive",
        revision,
        "dbt_project",
        "dbt_project.yml",
        "profiles.yml",
    ]
    packed = subprocess.run(command, capture_output=True)
    if packed.returncode != 0:
        raise DbtFailed(
            f"Git has no dbt project at revision {revision!r}: {packed.stderr.decode().strip()}. "
            f"`git log --oneline` lists revisions."
        )
    with TemporaryDirectory(prefix="cdp-revision-") as folder:
        with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder)
