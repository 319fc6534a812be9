"""Prepares the folder where Dagster keeps its history, so that `cdp run` and `cdp ui` share it."""

from __future__ import annotations

import os
from pathlib import Path

from warehouse.settings import PROJECT_DIR, Settings


def prepare_dagster_home(settings: Settings) -> Path:
    """Create `<data>/dagster` with this project's dagster.yaml; returns the folder."""
    home = settings.dagster_dir
    home.mkdir(parents=True, exist_ok=True)
    wanted = (PROJECT_DIR / "orchestration" / "dagster.yaml").read_text()
    target = home / "dagster.yaml"
    if not target.exists() or target.read_text() != wanted:
        target.write_text(wanted)
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ["CDP_EVENT_LOG_DIR"] = str(home / "events")
    return home
