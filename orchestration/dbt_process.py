"""Runs dbt inside this process and remembers its manifest, so that a run pays for starting dbt once.

Measured for 60 models and 200 tests: 10–11 CPU-s as a command, 5.4–6.5 s in a process that is already warm.
Which nodes are built is the caller's choice; what their results mean for syncs is decided in `holds`.
"""

from __future__ import annotations

import json
import logging
import os
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt_common.utils.encoding import JSONEncoder

from orchestration.errors import DbtFailed, plain
from orchestration.target import target_dir
from warehouse.progress import Progress, silent
from warehouse.settings import PROJECT_DIR, Settings

FAILED = frozenset({"error", "fail", "skipped", "runtime error"})


@dataclass(frozen=True)
class NodeResult:
    """What became of one dbt node: status is success, pass, warn, fail, error or skipped; failures = failing rows.

    `sql` is what was carried out, where the node was built by SQL in this process.
    """

    unique_id: str
    status: str
    message: str
    failures: int
    seconds: float
    sql: str = ""

    @property
    def is_failed(self) -> bool:
        return self.status in FAILED


@cache
def _parsed() -> tuple[Any, Mapping[str, Any]]:
    os.environ.setdefault("CDP_DATA_DIR", str(Settings.load().data_dir))
    # not through target/manifest.json: another process may be writing that file at this moment
    result = _invoke(_arguments("parse", target_dir(), "--no-write-json"))
    if not result.success:
        raise DbtFailed(
            f"The dbt project could not be read: {plain(str(result.exception)).rstrip('.')}. Correct the file it names; `cdp check` reads it again."
        )
    as_written = result.result.writable_manifest().to_dict(omit_none=False)
    return result.result, json.loads(json.dumps(as_written, cls=JSONEncoder))


def manifest() -> Mapping[str, Any]:
    """The project's manifest as JSON, parsed once per process; raises DbtFailed when a file cannot be read."""
    return _parsed()[1]


def build(
    select: Sequence[str], *, exclude: Sequence[str] = (), progress: Progress = silent
) -> list[NodeResult]:
    """Build and test the selected nodes in the warehouse, in this process.

    Unit tests are left to the test suite. A failing node is a result, not an exception; DbtFailed is raised
    only when dbt could not run at all.
    """
    os.environ["CDP_DATA_DIR"] = str(Settings.load().data_dir)
    options = ["--exclude-resource-type", "unit_test", "--no-write-json", "--select", *select]
    arguments = _arguments("build", target_dir(), *options)
    if exclude:
        arguments += ["--exclude", *exclude]
    result = _invoke(arguments, manifest=_parsed()[0], callbacks=[_Watcher(progress)])
    if result.exception is not None:
        raise DbtFailed(f"dbt stopped: {result.exception}. The log is {PROJECT_DIR / 'logs' / 'dbt.log'}.")
    return [
        NodeResult(
            unique_id=node.node.unique_id,
            status=str(node.status),
            message=plain(node.message or ""),
            failures=int(node.failures or 0),
            seconds=float(node.execution_time),
            sql=getattr(node.node, "compiled_code", None) or "",
        )
        for node in result.result.results
        if node.node.unique_id in manifest()["nodes"]  # exposures are listed too, with nothing done
    ]


def compiled_sql() -> dict[str, str]:
    """Each SQL model's statement by unique id, compiled without looking into any warehouse.

    Raises DbtFailed when a model cannot be compiled. Python models have none.
    """
    python = [node["fqn"] for node in manifest()["nodes"].values() if node.get("language") == "python"]
    options = ["--no-introspect", "--no-populate-cache", "--select", "resource_type:model"]
    if python:  # dbt wants a connection of another kind for these, and fails
        options += ["--exclude", *(".".join(fqn) for fqn in python)]
    before = os.environ.get("CDP_DATA_DIR")
    # where a model cannot be compiled dbt gives up, and its other threads go on writing for a moment
    with TemporaryDirectory(ignore_cleanup_errors=True) as nowhere:
        # dbt opens a file even so; the real one may be in use, and only its name is in the SQL
        os.environ["CDP_DATA_DIR"] = nowhere
        try:
            arguments = _arguments("compile", Path(nowhere) / "target", *options)
            result = _invoke(arguments, manifest=_parsed()[0])
        finally:
            os.environ.pop("CDP_DATA_DIR")
            if before is not None:
                os.environ["CDP_DATA_DIR"] = before
    if not result.success:
        said = plain(str(result.exception))
        # the engine complains at exit of what its frames hold
        traceback.clear_frames(result.exception.__traceback__)
        result.exception.__traceback__ = None
        raise DbtFailed(f"The models could not be compiled. Correct the one that is named:\n{said}")
    return {node.node.unique_id: node.node.compiled_code for node in result.result.results}


def _invoke(arguments: list[str], **runner: Any) -> dbtRunnerResult:  # noqa: ANN401 (dbt's own types)
    """Call dbt and close what it keeps open for a next call: the warehouse, which others want, and its log."""
    try:
        return dbtRunner(**runner).invoke(arguments)
    finally:
        DuckDBConnectionManager.close_all_connections()
        for handler in logging.getLogger("file_log").handlers:
            handler.close()


def _arguments(command: str, target: Path, *options: str) -> list[str]:
    folders = [
        "--project-dir",
        str(PROJECT_DIR),
        "--profiles-dir",
        str(PROJECT_DIR),
        "--target-path",
        str(target),
    ]
    quiet = ["--quiet", "--log-level", "none", "--log-level-file", "warn", "--no-use-colors"]
    return [command, *folders, *quiet, "--no-send-anonymous-usage-stats", *options]


class _Watcher:
    """Turns dbt's events into progress: nodes finished of nodes selected."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._total: int | None = None
        self._done = 0

    def __call__(self, event: Any) -> None:  # noqa: ANN401 (dbt's event messages carry no types)
        if event.info.name == "ConcurrencyLine":
            self._total = int(event.data.node_count)
        elif event.info.name == "NodeFinished":
            self._done += 1
            self._progress("dbt", self._done, self._total, event.data.node_info.node_name)
