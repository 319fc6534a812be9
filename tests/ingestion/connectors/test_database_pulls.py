"""Databases: everything once, then what changed, in whatever types the driver gives."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from connector_pulls import Ground, rows_of
from database_servers import free_port, hand_over, run

from ingestion.connectors.databases import create_engine, to_text
from ingestion.declarations import Source
from ingestion.delivery_dates import date_in_name

PEOPLE = 1_000
BIN = Path("/usr/lib/postgresql/15/bin")


def declare(**table: Any) -> Source:
    settings = {
        "name": "people",
        "description": "One row per person.",
        "format": "parquet",
        "load": "upsert",
        "keys": ["id"],
        "cursor": "changed_at",
        "required": ["id"],
        "columns": ["id", "name", {"name": "changed_at", "type": "timestamp"}],
    }
    return Source.model_validate(
        {
            "name": "shop",
            "title": "Shop",
            "description": "For tests.",
            "owner": "tests",
            "kind": "database",
            "expected_every_hours": 24,
            "database": {"url": "CDP_SHOP_URL"},
            "tables": [settings | table],
        }
    )


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    start = datetime(2026, 3, 1)
    with engine.begin() as connection:
        connection.execute(
            sa.text("create table people (id integer primary key, name text, changed_at text)")
        )
        connection.execute(
            sa.text("insert into people values (:id, :name, :at)"),
            [
                {"id": n, "name": f"Zoë {n}", "at": f"{start + timedelta(hours=n):%Y-%m-%d %H:%M:%S}"}
                for n in range(PEOPLE)
            ],
        )
    yield engine
    engine.dispose()


def test_sqlite_brings_all_once_and_then_what_changed(pulls: Ground, sqlite: sa.Engine) -> None:
    source, environ = declare(), {"CDP_SHOP_URL": str(sqlite.url)}
    result = pulls.pull(source, environ)
    assert rows_of(result) == PEOPLE
    assert date_in_name(result.files[0].file) is not None
    assert pulls.load(source) == []
    with sqlite.begin() as connection:
        connection.execute(
            sa.text("update people set name = 'New', changed_at = '2026-10-31 08:00:00' where id = 3")
        )
        connection.execute(sa.text("update people set changed_at = null where id = 4"))
        connection.execute(sa.text("insert into people values (9000, 'Late', '2099-01-01 00:00:00')"))
    assert rows_of(pulls.pull(source, environ)) <= 4  # with the newest of before, and those without a time
    with sqlite.begin() as connection:  # the future one must not hide this
        connection.execute(
            sa.text("update people set name = 'Newer', changed_at = '2026-11-01 08:00:00' where id = 3")
        )
    rows_of(pulls.pull(source, environ))
    assert pulls.load(source) == []
    newest = {row["id"]: row["name"] for row in pulls.newest(source, source.tables[0])}
    assert len(newest) == PEOPLE + 1 and (newest["3"], newest["9000"]) == ("Newer", "Late")


def test_a_value_of_another_type_ends_no_pull(pulls: Ground, sqlite: sa.Engine) -> None:
    with sqlite.begin() as connection:
        connection.execute(
            sa.text("create table odd (id integer primary key, amount integer, at date, raw blob)")
        )
        connection.execute(
            sa.text("insert into odd values (1, 'twelve', '0000-00-00', x'00ff'), (2, 1.10, null, null)")
        )
    source = declare(name="odd", cursor=None, columns=["id", "amount", "at", "raw"])
    assert rows_of(pulls.pull(source, {"CDP_SHOP_URL": str(sqlite.url)})) == 2
    assert pulls.load(source) == []
    assert [tuple(row.values())[:4] for row in pulls.newest(source, source.tables[0])] == [
        ("1", "twelve", "0000-00-00", "00ff"),
        ("2", "1.1", None, None),
    ]


def test_a_query_stands_for_a_table_and_lines_for_columns(pulls: Ground, sqlite: sa.Engine) -> None:
    source = declare(
        query='select id, upper(name) as "Full :Name", changed_at from people where id < 10;', format="jsonl"
    )
    assert rows_of(pulls.pull(source, {"CDP_SHOP_URL": str(sqlite.url)})) == 10
    assert pulls.load(source) == []
    assert pulls.newest(source, source.tables[0])[0]["full_name"] == "ZOë 0"
    assert rows_of(pulls.pull(source, {"CDP_SHOP_URL": str(sqlite.url)})) == 1


def test_a_replaced_table_is_always_whole(pulls: Ground, sqlite: sa.Engine) -> None:
    source = declare(load="replace")
    for _ in range(2):
        assert rows_of(pulls.pull(source, {"CDP_SHOP_URL": str(sqlite.url)})) == PEOPLE


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("no address", "The address in CDP_SHOP_URL is not one of a database."),
        ("sqlite:////nowhere/shop.db", "unable to open database file"),
        ("postgresql://ann:canary-password@127.0.0.1:9/shop", "onnection refused"),
        ("mysql://ann:canary-password@127.0.0.1:9/shop", "Can't connect to MySQL server"),
    ],
)
def test_a_database_that_is_not_there_is_told_without_its_password(
    pulls: Ground, address: str, sentence: str
) -> None:
    result = pulls.pull(declare(), {"CDP_SHOP_URL": address})
    assert result.status == "failed" and sentence in result.message and "canary" not in result.message
    assert not [path for path in pulls.work.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]


def test_a_missing_table_is_named(pulls: Ground, sqlite: sa.Engine) -> None:
    result = pulls.pull(declare(name="lost"), {"CDP_SHOP_URL": str(sqlite.url)})
    assert result.message.startswith("lost: ") and "no such table: lost" in result.message


@pytest.mark.parametrize(
    ("address", "driver"),
    [
        ("postgres://u:p@h/d", "psycopg"),
        ("postgresql://u:p@h/d", "psycopg"),
        ("mysql://u:p@h/d?charset=utf8mb4", "pymysql"),
        ("mariadb://u:p@h/d", "pymysql"),
        ("mysql+pymysql://u:p@h/d", "pymysql"),
        ("sqlite:///shop.db", "pysqlite"),
    ],
)
def test_addresses_without_a_driver_get_the_installed_one(address: str, driver: str) -> None:
    assert create_engine(address).driver == driver


def test_text_of_every_type_a_driver_gives() -> None:
    from datetime import UTC, date, time
    from decimal import Decimal
    from uuid import UUID

    values = [
        None,
        "a",
        True,
        3,
        Decimal("1E+3"),
        date(2026, 3, 1),
        datetime(2026, 3, 1, tzinfo=UTC),
        time(8),
    ]
    values += [{"a": [1, None]}, [1], b"\x00", memoryview(b"\xff"), UUID(int=1), 1.5]
    values += [timedelta(hours=8, minutes=30), -timedelta(days=1, hours=2), timedelta(microseconds=5)]
    assert list(map(to_text, values)) == [
        *(None, "a", "true", "3", "1000", "2026-03-01", "2026-03-01T00:00:00+00:00", "08:00:00"),
        *('{"a":[1,null]}', "[1]", "00", "ff", "00000000-0000-0000-0000-000000000001", "1.5"),
        *("08:30:00", "-26:00:00", "00:00:00.000005"),
    ]


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of this test's own, on a free port of loopback, in a folder its user can reach."""
    if not (BIN / "initdb").exists():
        pytest.skip(f"needs PostgreSQL 15 in {BIN}")
    if os.geteuid() == 0 and not shutil.which("runuser"):
        pytest.skip("needs runuser, to start PostgreSQL as another user than root")
    with tempfile.TemporaryDirectory(prefix="cdp_postgres_") as name:
        as_user, port, data = hand_over(Path(name)), free_port(), f"{name}/data"
        run(
            as_user, BIN / "initdb", "-D", data, "-U", "shop", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"
        )
        options = f"-p {port} -k {name} -c listen_addresses=127.0.0.1 -c fsync=off -c timezone=Europe/London"
        run(as_user, BIN / "pg_ctl", "-D", data, "-o", options, "-l", f"{name}/log", "-w", "start")
        try:
            yield f"postgresql://shop:canary@127.0.0.1:{port}/postgres"
        finally:
            run(as_user, BIN / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def test_postgresql_keeps_every_value_and_its_cursor(pulls: Ground, postgres: str) -> None:
    engine = create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "create table people (id bigint primary key, name text, amount numeric, flag boolean, details jsonb, "
                "tags text[], token uuid, raw bytea, born date, changed_at timestamptz)"
            )
        )
        connection.execute(
            sa.text(
                "insert into people select n, 'Zoë ' || n, 0.12345678901234567891 * n, n % 2 = 0, "
                "jsonb_build_object('n', n), array['a', null], '00000000-0000-0000-0000-000000000001', '\\x00ff', "
                "date '1970-01-01' + n, timestamptz '2026-03-01 00:00+00' + n * interval '1 hour' "
                "from generate_series(0, 999) as n"
            )
        )
    columns = ["id", "name", "amount", "flag", "details", "tags", "token", "raw", "born", "changed_at"]
    source, environ = declare(columns=columns), {"CDP_SHOP_URL": postgres}
    source = source.model_copy(
        update={"database": source.database.model_copy(update={"db_schema": "public"})}
    )
    assert rows_of(pulls.pull(source, environ)) == PEOPLE
    assert pulls.load(source) == []
    first = {row["id"]: row for row in pulls.newest(source, source.tables[0])}["3"]
    assert [first[name] for name in columns[2:]] == [
        *("0.37037036703703703673", "false", '{"n":3}', '["a",null]', "00000000-0000-0000-0000-000000000001"),
        *("00ff", "1970-01-04", "2026-03-01T03:00:00+00:00"),
    ]
    with engine.begin() as connection:
        connection.execute(
            sa.text("update people set name = 'New', changed_at = '2026-10-31 08:00+00' where id = 3")
        )
        connection.execute(sa.text("insert into people (id, name) values (1000, 'No time')"))
    assert rows_of(pulls.pull(source, environ)) == 3  # these two, and the newest of before
    pulls.load(source)
    newest = {row["id"]: row["name"] for row in pulls.newest(source, source.tables[0])}
    assert len(newest) == PEOPLE + 1 and newest["3"] == "New"
    engine.dispose()
