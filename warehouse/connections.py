"""The only module that opens database files: short-lived connections that wait for a busy lock and then say so.

What is read or written through a connection is the business of the room that asked for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from warehouse.backups import list_backups
from warehouse.errors import StateMissing, StoreDamaged, StoreLocked, WarehouseError
from warehouse.functions.registration import register_functions
from warehouse.settings import Settings
from warehouse.sql_text import path_literal
from warehouse.state import migrate

STATE_CATALOG = "state_store"


@contextmanager
def open_warehouse(settings: Settings, *, with_state: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-write connection to the warehouse file, with the standardising functions, closed at the end of the block.

    With `with_state` the state file is attached as catalog `state_store` (DuckDB lets one transaction write to
    one file only, so write to one of the two per transaction). Raises StoreLocked or StoreDamaged.
    """
    connection = _connect(settings.warehouse_path, settings)
    try:
        register_functions(connection)
        if with_state:
            with open_state(settings):
                pass  # creates and migrates the file
            connection.execute(f"attach {path_literal(settings.state_path)} as {STATE_CATALOG}")
        try:
            yield connection
        finally:
            if with_state:
                _detach_state(connection)
    finally:
        connection.close()


@contextmanager
def open_trial(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to nothing but memory, with the warehouse attached read-only as its default catalog.

    For trying things out on the tables as they are: temporary tables may be made, the file cannot be changed. Raises
    StoreLocked or StoreDamaged, and WarehouseError when there is no warehouse yet.
    """
    path = settings.warehouse_path
    if not path.exists():
        raise WarehouseError(f"There is no warehouse yet ({path} does not exist). Run `cdp run` first.")
    with _connect(path, settings, read_only=True):
        pass  # waits for a run under way, and says so when it lasts
    connection = duckdb.connect()
    try:
        _configure(connection, settings)
        register_functions(connection)
        connection.execute(f"attach {path_literal(path)} as {path.stem} (read_only)")
        connection.execute(f"use {path.stem}")
        yield connection
    finally:
        connection.close()


@contextmanager
def open_state(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-write connection to the state file, migrated to the newest version, closed at the end of the block.

    It is made when there is none, but not where there was one: StateMissing.
    """
    backups = [] if settings.state_path.exists() else list_backups(settings)
    if backups:
        raise StateMissing(
            f"{settings.state_path} is missing, and {settings.backups_dir} holds backups of it. It keeps customer ids, "
            f"opt-outs recorded here and what each tool was sent, none of which can be rebuilt: put the newest back with "
            f"`cdp restore {backups[-1]}`. To begin from nothing, move the backups away."
        )
    connection = _connect(settings.state_path, settings)
    try:
        migrate(connection)
        yield connection
    finally:
        connection.close()


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of the block or nothing."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _detach_state(connection: duckdb.DuckDBPyConnection) -> None:
    # an attached file stays attached while any connection of this process has the warehouse open
    with suppress(duckdb.TransactionException):
        connection.execute("rollback")  # a block that was left by an error may have one open
    connection.execute(f"detach {STATE_CATALOG}")


def _connect(path: Path, settings: Settings, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + settings.lock_wait_seconds
    while True:
        try:
            connection = duckdb.connect(path, read_only=read_only)
            break
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise StoreDamaged(_damaged(path, error)) from error
            if time.monotonic() > deadline:
                raise StoreLocked(_locked(path, settings, error)) from error
            time.sleep(0.2)
        except duckdb.Error as error:
            raise StoreDamaged(_damaged(path, error)) from error
    _configure(connection, settings)
    return connection


def _configure(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    # SET, not connect(config=…): two connections of one process must agree on the open options, dbt's included
    connection.execute(f"set memory_limit = '{settings.memory_limit}'")
    connection.execute(f"set threads = {settings.threads}")
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set enable_progress_bar = false")


def _locked(path: Path, settings: Settings, error: Exception) -> str:
    return (
        f"{path} is in use by another process and still was after {settings.lock_wait_seconds:.0f} s. "
        f"Wait for the other run to end or stop it, then run again. Readers should open "
        f"{settings.published_path} instead. (The engine said: {str(error).splitlines()[0]})"
    )


def _damaged(path: Path, error: Exception) -> str:
    return (
        f"{path} could not be opened: {str(error).splitlines()[0]}. If it is the warehouse, move it away and run "
        f"`cdp run`: it is rebuilt from the landing folder. If it is the state file, restore it from the backups folder."
    )
