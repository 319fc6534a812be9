"""MySQL and MariaDB, against a MariaDB server of the test's own: everything once, then what changed, in its types."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from connector_pulls import Ground, rows_of
from database_servers import free_port, hand_over, run

from ingestion.connectors.databases import create_engine
from ingestion.declarations import Source

PEOPLE = 1_000
COLUMNS = ["id", "name", "amount", "flag", "details", "raw", "born", "opens", "changed_at"]


@pytest.fixture(scope="module")
def mariadb() -> Iterator[str]:
    """The address of a new server's database `shop`."""
    server, installer = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    if server is None or installer is None:
        pytest.skip("needs a MariaDB server (the package mariadb-server)")
    if os.geteuid() == 0 and not shutil.which("runuser"):
        pytest.skip("needs runuser, to start MariaDB as another user than root")
    with tempfile.TemporaryDirectory(prefix="cdp_mariadb_") as name:
        as_user, port = hand_over(Path(name)), free_port()
        run(
            as_user,
            installer,
            "--no-defaults",
            f"--datadir={name}/data",
            "--auth-root-authentication-method=normal",
        )
        options = [
            "--no-defaults", f"--datadir={name}/data", f"--port={port}", f"--socket={name}/socket", f"--pid-file={name}/pid",
            "--bind-address=127.0.0.1", "--skip-grant-tables", "--skip-networking=0", "--default-time-zone=+02:00",
            "--character-set-server=utf8mb4", "--innodb-flush-log-at-trx-commit=0",
        ]  # fmt: skip
        with Path(f"{name}/log").open("wb") as log:
            process = subprocess.Popen([*as_user, server, *options], stdout=log, stderr=log, cwd="/")
        try:
            address = f"mysql://shop:canary@127.0.0.1:{port}"
            _wait_for(address, process, Path(name) / "log")
            yield f"{address}/shop"
        finally:
            process.terminate()
            process.wait(60)


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server takes connections, and has the database."""
    engine = create_engine(address)
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            with engine.begin() as connection:
                connection.execute(sa.text("create database shop character set utf8mb4"))
            break
        except sa.exc.OperationalError:
            time.sleep(0.1)
    else:
        pytest.fail(f"the server does not answer: {log.read_text()}")
    engine.dispose()


def declare() -> Source:
    table = {
        "name": "people",
        "description": "One row per person.",
        "format": "parquet",
        "load": "upsert",
        "keys": ["id"],
        "cursor": "changed_at",
        "required": ["id"],
        "columns": [*COLUMNS[:-1], {"name": "changed_at", "type": "timestamp"}],
    }
    about = {"title": "Shop", "description": "For tests.", "owner": "tests", "expected_every_hours": 24}
    return Source.model_validate(
        {"name": "shop", "kind": "database", "database": {"url": "CDP_SHOP_URL"}, "tables": [table], **about}
    )


def test_mysql_keeps_every_value_and_its_cursor(pulls: Ground, mariadb: str) -> None:
    engine = create_engine(mariadb)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "create table people (id bigint unsigned primary key, name text, amount decimal(38, 20), flag bit(1), "
                "details json, raw varbinary(10), born date, opens time, changed_at datetime)"
            )
        )
        connection.execute(
            sa.text(
                "insert into people select seq, concat('Zoë 😀 ', seq), 0.12345678901234567891 * seq, seq % 2, "
                "json_object('n', seq), x'00ff', date '1970-01-01' + interval seq day, '08:30:00', "
                "timestamp '2026-03-01 00:00:00' + interval seq hour from seq_0_to_999"
            )
        )
    source, environ = declare(), {"CDP_SHOP_URL": mariadb}
    assert rows_of(pulls.pull(source, environ)) == PEOPLE
    assert pulls.load(source) == []
    first = {row["id"]: row for row in pulls.newest(source, source.tables[0])}["3"]
    assert [first[name] for name in COLUMNS[1:]] == [
        *("Zoë 😀 3", "0.37037036703703703673", "01", '{"n": 3}', "00ff", "1970-01-04", "08:30:00"),
        "2026-03-01T03:00:00",
    ]
    with engine.begin() as connection:
        connection.execute(
            sa.text("update people set name = 'New', changed_at = '2026-10-31 08:00:00' where id = 3")
        )
        connection.execute(sa.text("insert into people (id, name) values (1000, 'No time')"))
    assert rows_of(pulls.pull(source, environ)) == 3  # these two, and the newest of before
    pulls.load(source)
    newest = {row["id"]: row["name"] for row in pulls.newest(source, source.tables[0])}
    assert len(newest) == PEOPLE + 1 and newest["3"] == "New"
    engine.dispose()
