"""One night of a small project, run in its own folder: tables, release, what reads it, publishing; as the main job does it."""

from __future__ import annotations

import sys

from orchestration import dbt_process
from orchestration.compiling import compiled_models
from orchestration.holds import record_results
from orchestration.releases import release
from segments.contracts import read_segments
from segments.definitions import keep_compiled
from warehouse.connections import open_warehouse
from warehouse.publishing import publish
from warehouse.run_context import copy_state
from warehouse.settings import Settings

MODELS = "path:dbt_project/models"


def night(run_id: str) -> None:
    settings = Settings.load()
    with open_warehouse(settings, with_state=True) as connection:
        copy_state(connection, run_id=run_id, as_of=settings.now())
        connection.execute("create schema if not exists identity")
        connection.execute(
            "create table if not exists identity.identity_redirects (old_customer_id text, customer_id text)"
        )
    _build("before", [f"{MODELS}/{layer}" for layer in ("marts", "intermediate", "segments")])
    release(settings, read_segments(dbt_process.manifest()), run_id=run_id)
    _build("after", [f"{MODELS}/membership"])
    with open_warehouse(settings) as connection:
        publish(connection, settings.published_path)


def _build(phase: str, selected: list[str]) -> None:
    results = dbt_process.build(selected)
    problems = [result for result in results if result.status not in ("success", "pass")]
    if problems:
        sys.exit(f"{phase}: {problems}")
    with open_warehouse(Settings.load()) as connection:
        texts = {result.unique_id: result.sql for result in results}
        keep_compiled(connection, compiled_models(dbt_process.manifest(), texts))
        record_results(connection, phase, results, is_subset=False)


if __name__ == "__main__":
    night(sys.argv[1])
