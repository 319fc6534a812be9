"""The ground floor: settings, locks, migrations, publishing, backups; all on real files."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from warehouse import state
from warehouse.backups import back_up, list_backups, restore
from warehouse.connections import open_state, open_warehouse
from warehouse.errors import (
    RunUnderWay,
    SettingsError,
    StateMissing,
    StateTooNew,
    StoreDamaged,
    StoreLocked,
    WarehouseError,
)
from warehouse.publishing import open_published, publish
from warehouse.run_context import copy_state
from warehouse.run_lock import release_run_lock, take_run_lock
from warehouse.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", lock_wait_seconds=0.5)


def test_settings_come_from_the_environment(tmp_path: Path):
    loaded = Settings.load({"CDP_DATA_DIR": str(tmp_path), "CDP_AS_OF": "2026-10-31T23:59:59+01:00"})
    assert loaded.warehouse_path == tmp_path / "warehouse.duckdb"
    assert loaded.now() == datetime(2026, 10, 31, 22, 59, 59)


def test_a_setting_that_is_not_understood_is_named():
    with pytest.raises(SettingsError, match=r"CDP_THREADS.*'many'"):
        Settings.load({"CDP_THREADS": "many"})


def test_state_is_migrated_once_and_attached(settings: Settings):
    with open_warehouse(settings, with_state=True) as connection:
        first = connection.execute("select count(*) from state_store.platform.migrations").fetchone()
    with open_state(settings) as connection:
        again = connection.execute("select count(*) from platform.migrations").fetchone()
    assert first == again


def test_state_written_by_newer_software_is_refused(settings: Settings):
    with open_state(settings) as connection:
        connection.execute("insert into platform.migrations values (9999, 'future', now()::timestamp)")
    with pytest.raises(StateTooNew, match="9999"), open_state(settings):
        pass


def test_a_migration_that_fails_leaves_nothing(settings: Settings, tmp_path: Path, monkeypatch):
    with open_state(settings):
        pass
    broken = tmp_path / "migrations"
    broken.mkdir()
    for path in state.MIGRATIONS_DIR.glob("*.sql"):
        (broken / path.name).write_text(path.read_text())
    (broken / "9000_broken.sql").write_text(
        "create table platform.half (x int); select nonsense from nowhere;"
    )
    monkeypatch.setattr(state, "MIGRATIONS_DIR", broken)
    with pytest.raises(duckdb.Error), open_state(settings):
        pass
    monkeypatch.undo()
    with open_state(settings) as connection:
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
    assert ("half",) not in tables


def test_a_busy_file_is_waited_for_and_then_explained(settings: Settings):
    settings.data_dir.mkdir()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb, sys; c = duckdb.connect({str(settings.warehouse_path)!r}); print('held', flush=True); sys.stdin.read()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None and holder.stdin is not None
    assert holder.stdout.readline() == "held\n"
    try:
        with pytest.raises(StoreLocked, match="in use by another process"), open_warehouse(settings):
            pass
    finally:
        holder.communicate("")
    with open_warehouse(settings) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_file_that_is_not_a_database_is_explained(settings: Settings):
    settings.data_dir.mkdir()
    settings.warehouse_path.write_bytes(b"this is no database" * 1000)
    with pytest.raises(StoreDamaged, match="rebuilt from the landing folder"), open_warehouse(settings):
        pass


def test_readers_see_one_whole_run(settings: Settings):
    with pytest.raises(WarehouseError, match="cdp run"), open_published(settings):
        pass
    for number in (1, 2):
        with open_warehouse(settings) as connection:
            connection.execute("create schema if not exists marts; create schema if not exists staging")
            connection.execute(f"create or replace table marts.customers as select {number} as n")
            connection.execute(f"create or replace table staging.inner_matter as select {number} as n")
            assert publish(connection, settings.published_path) == 1
        if number == 1:
            reader = duckdb.connect(settings.published_path, read_only=True)
    assert reader.execute("select n from marts.customers").fetchone() == (1,)
    reader.close()
    with open_published(settings) as connection:
        assert connection.execute("select n from marts.customers").fetchone() == (2,)
        assert connection.execute("select count(*) from duckdb_tables()").fetchone() == (1,)


def test_a_deleted_value_is_gone_from_the_published_bytes(settings: Settings):
    with open_warehouse(settings) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.customers as select i, 'canary' || i || '@example.com' as email from range(20000) t(i)"
        )
        connection.execute("delete from marts.customers where i = 17")
        publish(connection, settings.published_path)
    assert b"canary17@example.com" not in settings.published_path.read_bytes()


def test_state_tables_are_copied_for_sql(settings: Settings):
    with open_warehouse(settings, with_state=True) as connection:
        connection.execute(
            "insert into state_store.platform.consent_log values"
            " ('s1', '2026-01-01', 'email', 'a@example.com', 'marketing', 'email', 'denied', 'test', null, null, null)"
        )
        rows = copy_state(connection, run_id="r1", as_of=datetime(2026, 1, 2))
        again = copy_state(connection, run_id="r2", as_of=datetime(2026, 1, 3))
        context = connection.execute("select * from state.run_context").fetchall()
    assert rows == again == {"run_context": 1, "consent_log": 1, "data_quality_history": 0}
    assert context == [("r2", datetime(2026, 1, 3))]


def test_a_backup_is_restored_whole_and_old_ones_go(settings: Settings):
    for number in range(9):
        with open_state(settings) as connection:
            connection.execute(
                "insert into platform.runs values (?, now()::timestamp, null, now()::timestamp, 'running', null)",
                [f"r{number}"],
            )
            back_up(connection, settings, f"2026010{number}T000000")
    kept = list_backups(settings)
    assert len(kept) == settings.backups_kept
    settings.state_path.write_bytes(b"lost")
    restore(settings, kept[-2])
    with open_state(settings) as connection:
        assert connection.execute("select count(*) from platform.runs").fetchone() == (8,)
    with pytest.raises(WarehouseError, match="not a backup"):
        restore(settings, settings.data_dir)


def say_no(connection, statement: str):
    connection.execute(
        "insert into platform.consent_log values"
        " (?, '2026-01-01', 'email', 'a@example.com', 'marketing', 'email', 'denied', 'test', null, null, null)",
        [statement],
    )


def acknowledge(connection, remote_id: str):
    connection.execute(
        "insert into activation.acked values ('s', 't', ?, 'c1', '{}', 'hash', 'v', 'n', false, now()::timestamp, 'r', 7)",
        [remote_id],
    )


def test_going_back_forgets_no_opt_out_and_nobody_whom_a_tool_holds(settings: Settings):
    with open_state(settings) as connection:
        say_no(connection, "before")
        acknowledge(connection, "known")
        backup = back_up(connection, settings, "20260101T000000")
        say_no(connection, "since")
        acknowledge(connection, "added since")
    restore(settings, backup)
    with open_state(settings) as connection:
        said = connection.execute("select statement_id from platform.consent_log order by 1").fetchall()
        held = connection.execute("select remote_id, row_hash from activation.acked order by 1").fetchall()
    assert said == [("before",), ("since",)]
    assert held == [("added since", ""), ("known", "hash")]


def test_where_the_state_is_torn_the_warehouse_still_knows_what_was_said(settings: Settings):
    with open_state(settings) as connection:
        backup = back_up(connection, settings, "20260101T000000")
        say_no(connection, "since")
    with open_warehouse(settings, with_state=True) as connection:
        copy_state(connection, run_id="r1", as_of=datetime(2026, 1, 2))
    settings.state_path.write_bytes(b"torn")
    restore(settings, backup)
    with open_state(settings) as connection:
        assert connection.execute("select statement_id from platform.consent_log").fetchall() == [("since",)]


def test_an_incomplete_backup_changes_nothing(settings: Settings):
    with open_state(settings) as connection:
        say_no(connection, "now")
        backup = back_up(connection, settings, "20260101T000000")
    next(backup.glob("*consent_log*.parquet")).unlink()
    with pytest.raises(WarehouseError, match="not complete, and nothing was changed"):
        restore(settings, backup)
    with open_state(settings) as connection:
        assert connection.execute("select count(*) from platform.consent_log").fetchone() == (1,)


def test_a_state_that_is_lost_is_not_begun_anew_beside_its_backups(settings: Settings):
    with open_state(settings) as connection:
        back_up(connection, settings, "20260101T000000")
    settings.state_path.unlink()
    with pytest.raises(StateMissing, match=r"cdp restore .*20260101T000000"), open_state(settings):
        pass
    restore(settings, list_backups(settings)[-1])
    with open_state(settings):
        pass


def test_one_run_at_a_time_and_a_killed_run_frees_its_place(settings: Settings):
    code = (
        "import sys; from pathlib import Path; from warehouse.settings import Settings; "
        "from warehouse.run_lock import take_run_lock; "
        f"take_run_lock(Settings(data_dir=Path({str(settings.data_dir)!r}))); print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(RunUnderWay, match=f"process {holder.pid}"):
        take_run_lock(settings)
    holder.kill()
    holder.communicate()
    take_run_lock(settings)
    take_run_lock(settings)
    release_run_lock(settings)
