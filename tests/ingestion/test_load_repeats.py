"""Loading again changes nothing, and trouble with a file or the machine leaves nothing half done."""

from __future__ import annotations

import duckdb
import pytest

from ingestion import readers
from ingestion.errors import LoadInterrupted

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
