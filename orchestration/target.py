"""Where dbt writes what it compiles; nothing that takes long to import belongs here."""

from __future__ import annotations

import os
from pathlib import Path

from warehouse.settings import PROJECT_DIR


def target_dir() -> Path:
    """`DBT_TARGET_PATH`, else `target/` beside the project."""
    return Path(os.environ.get("DBT_TARGET_PATH", PROJECT_DIR / "target"))
