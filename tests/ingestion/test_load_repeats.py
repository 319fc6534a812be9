"""Loading again changes nothing, and a load that is killed leaves nothing half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from ingestion import readers
from ingestion.errors import LoadInterrupted
from ingestion.loader import load

from .conftest import make_source

HEADER = "Id,Name,Joined\n"
CONTENTS = "select _load_id, _row, _file, id, name, joined from raw.shop_people order by all"
LEDGER = "select * exclude (loaded_at) from raw.loads order by load_id"
REJECTS = "select * from raw.rejected_rows order by all"


def test_twice_and_renamed(ground):
    path = ground.deliver("people_1.csv", HEADER + "1,a,\nx,b,\n")
    assert ground.load().changed
    before = [ground.ask(sql) for sql in (CONTENTS, LEDGER, REJECTS)]
    assert not ground.load().changed
    path.rename(path.with_name("people_9.csv"))
    report = ground.load()
    assert not report.changed
    assert report.files[0].status == "skipped"
    assert report.files[0].message == "same content as shop/people_1.csv"
    assert [ground.ask(sql) for sql in (CONTENTS, LEDGER, REJECTS)] == before


def test_load_order_is_the_order_of_names(ground):
    for number in (3, 1, 2):
        ground.deliver(f"people_{number}.csv", HEADER + f"{number},n,\n")
    ground.load()
    assert ground.rows("_load_id, id") == [(1, "1"), (2, "2"), (3, "3")]


def test_a_changed_file_of_the_same_name_is_loaded_beside_the_old_rows(ground):
    ground.deliver("people.csv", HEADER + "1,a,\n")
    ground.load()
    ground.deliver("people.csv", HEADER + "1,b,\n")
    ground.load()
    assert ground.rows("_load_id, name") == [(1, "a"), (2, "b")]


def test_nothing_stays_in_the_workspace(ground):
    ground.deliver("people.csv", (HEADER + "1,é,\n").encode("cp1252"))
    ground.load()
    assert not (ground.landing.parent / ".ingestion").exists()


def test_a_file_that_grows_while_it_is_read_is_refused(ground, monkeypatch):
    path = ground.deliver("people.csv", HEADER + "1,a,\n")

    def read_slowly(request):
        with path.open("a") as file:
            file.write("2,b,\n")
        return read(request)

    read = readers.READERS["csv"][-1]
    monkeypatch.setitem(readers.READERS, "csv", (read_slowly,))
    assert "was still being written" in ground.refusal()


def test_trouble_with_the_machine_stops_the_load_with_a_sentence(ground, monkeypatch):
    def fill_the_disk(request):
        raise duckdb.IOException("IO Error: No space left on device")

    ground.deliver("people_1.csv", HEADER + "1,a,\n")
    ground.load()
    ground.deliver("people_2.csv", HEADER + "2,b,\n")
    monkeypatch.setitem(readers.READERS, "csv", (fill_the_disk,))
    with pytest.raises(LoadInterrupted, match=r"stopped at shop/people_2\.csv: IO Error: No space left"):
        ground.load()
    monkeypatch.undo()
    ground.load()
    assert ground.rows("id") == [("1",), ("2",)]


LOADER = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
import duckdb
from ingestion import intake, loader
from tests.ingestion.conftest import make_source

folder, files = Path(sys.argv[1]), int(sys.argv[2])
record_load = intake.record_load

def record_and_die(connection, key, result, loaded_at):
    record_load(connection, key, result, loaded_at)
    if result.load_id == files:
        os.kill(os.getpid(), signal.SIGKILL)

intake.record_load = record_and_die
with duckdb.connect(folder / "warehouse.duckdb") as connection:
    print("ready", flush=True)
    loader.load(connection, folder / "landing", [make_source()], loaded_at=datetime(2026, 1, 1))
    print("done", flush=True)
"""


def load_and_be_killed(folder: Path, inside: int, after_seconds: float | None) -> None:
    """Load in a process that dies before it commits file number `inside`, or after a while, wherever it is then."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", LOADER, str(folder), str(inside)]
    environment = os.environ | {"PYTHONPATH": str(root)}
    with subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if after_seconds is not None:
            time.sleep(after_seconds)
            process.send_signal(signal.SIGKILL)
        assert "done" not in process.communicate(timeout=60)[0]
    assert process.returncode == -signal.SIGKILL


def finish(folder: Path) -> None:
    with duckdb.connect(folder / "warehouse.duckdb") as connection:
        load(connection, folder / "landing", [make_source()], loaded_at=datetime(2026, 1, 1))


def contents(folder: Path) -> list[list[tuple[object, ...]]]:
    with duckdb.connect(folder / "warehouse.duckdb") as connection:
        return [connection.execute(sql).fetchall() for sql in (CONTENTS, LEDGER, REJECTS)]


@pytest.mark.parametrize(("inside", "after_seconds"), [(1, None), (3, None), (7, 0.05)])
def test_a_killed_load_is_completed_by_the_next_one(tmp_path, inside, after_seconds):
    folders = [tmp_path / "killed", tmp_path / "undisturbed"]
    for folder in folders:
        (folder / "landing" / "shop").mkdir(parents=True)
        for number in range(6):
            rows = "".join(f'{i},"name {i}",2026-01-0{number + 1}\n' for i in range(5_000)) + "x,rejected,\n"
            (folder / "landing" / "shop" / f"people_{number}.csv").write_text(HEADER + rows)
    load_and_be_killed(folders[0], inside, after_seconds)
    if after_seconds is None:
        assert [len(part) for part in contents(folders[0])] == [(inside - 1) * n for n in (5_000, 1, 1)]
    for folder in folders:
        finish(folder)
    assert contents(folders[0]) == contents(folders[1])
