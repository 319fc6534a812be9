"""Warehouses to throw away: for trying things out on other people's files, or on a copy of what is there.

What is tried in them is the business of the rooms; nothing that happens in one reaches the real files.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from warehouse.connections import STATE_CATALOG, open_state, open_warehouse
from warehouse.errors import WarehouseError
from warehouse.settings import Settings
from warehouse.sql_text import path_literal

PUBLISHED_CATALOG = "published"


@contextmanager
def open_scratch(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty warehouse with an empty state attached, in a folder that is gone afterwards.

    Memory and threads are limited as `settings` say.
    """
    with tempfile.TemporaryDirectory(prefix="cdp_") as folder:
        own = settings.model_copy(update={"data_dir": Path(folder)})
        with open_warehouse(own, with_state=True) as connection:
            yield connection


@contextmanager
def open_scratch_copy(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A scratch warehouse with a copy of the state, and the last published run attached read-only as `published`.

    Raises WarehouseError when nothing was published yet.
    """
    if not settings.published_path.exists():
        raise WarehouseError(
            f"Nothing has been published yet ({settings.published_path} does not exist). Run `cdp run` first."
        )
    with tempfile.TemporaryDirectory(prefix="cdp_") as folder:
        own = settings.model_copy(update={"data_dir": Path(folder)})
        _copy_state(settings, own.state_path)
        with open_warehouse(own, with_state=True) as connection:
            connection.execute(
                f"attach {path_literal(settings.published_path)} as {PUBLISHED_CATALOG} (read_only)"
            )
            yield connection


def _copy_state(settings: Settings, target: Path) -> None:
    # through the engine: rows of the last minutes may not be in the main file yet
    with open_state(settings) as state:
        ((name,),) = state.execute("select current_database()").fetchall()
        state.execute(f"attach {path_literal(target)} as {STATE_CATALOG}_copy")
        state.execute(f'copy from database "{name}" to {STATE_CATALOG}_copy')
        state.execute(f"detach {STATE_CATALOG}_copy")
