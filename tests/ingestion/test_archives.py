"""gzip and ZIP: what is packed loads as if it were not, a ZIP is a folder, and bombs and damage are refused."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from ingestion import archives
from ingestion.retrying import retry_rejected

from .conftest import LOADED_AT

HEADER = "Id,Name,Joined\n"


def packed(files, **options):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, text in files:
            archive.writestr(name, text)
    return content.getvalue()


def test_gzip_is_taken_for_the_file_it_holds(ground):
    ground.declare(files=["people*.csv"])
    ground.deliver("people_1.csv.gz", gzip.compress((HEADER + "1,é,\n").encode()))
    ground.deliver("people_2.csv", gzip.compress((HEADER + "2,b,\n").encode()))
    ground.deliver("people_3.csv.gz", HEADER + "3,c,\n")
    ground.load()
    assert ground.rows("id, name, _file") == [
        ("1", "é", "shop/people_1.csv.gz"),
        ("2", "b", "shop/people_2.csv"),
        ("3", "c", "shop/people_3.csv.gz"),
    ]
    assert not ground.load().changed


def test_packing_a_file_that_was_loaded_changes_nothing(ground):
    path = ground.deliver("people.csv", HEADER + "1,a,\n")
    ground.load()
    path.unlink()
    ground.deliver("people.csv.gz", gzip.compress((HEADER + "1,a,\n").encode()))
    assert not ground.load().changed
    assert ground.rows("id") == [("1",)]


def test_every_file_in_a_zip_is_a_delivery(ground):
    ground.declare(files=["people*.zip"])
    files = [("b.csv", HEADER + "2,b,\n"), ("in/a.csv", HEADER + "x,a,\n1,a,\n"), ("__MACOSX/b.csv", "junk")]
    ground.deliver("people.zip", packed([("in/", ""), *files, (".hidden", "junk")]))
    ground.load()
    assert ground.rows("id, _file") == [("2", "shop/people.zip/b.csv"), ("1", "shop/people.zip/in/a.csv")]
    assert ground.rejects() == [(2, "Id", "'x' is not an integer", "x,a,")]
    assert [row[:2] for row in ground.ledger()] == [
        ("shop/people.zip/b.csv", "loaded"),
        ("shop/people.zip/in/a.csv", "loaded"),
    ]
    assert [result.status for result in ground.load().files] == ["skipped", "skipped"]


def test_rejected_rows_of_packed_files_are_read_again(ground):
    ground.declare(files=["people*"])
    ground.deliver("people.zip", packed([("in/a.csv", HEADER + "x,a,\n1,a,\n")]))
    ground.deliver("people.csv.gz", gzip.compress((HEADER + "y,b,\n").encode()))
    ground.load()
    ground.declare(files=["people*"], columns=["Id", "Name", "Joined"])
    retry_rejected(ground.connection, ground.landing, [ground.source], loaded_at=LOADED_AT)
    assert sorted(ground.rows("id, _file")) == [
        ("1", "shop/people.zip/in/a.csv"),
        ("x", "shop/people.zip/in/a.csv"),
        ("y", "shop/people.csv.gz"),
    ]


def test_a_pattern_may_look_into_a_zip(ground):
    ground.declare(files=["**/export*.zip/people*.csv", "*.csv"])
    ground.deliver(
        "date=2026-01-02/export_1.zip", packed([("people.csv", HEADER + "1,a,\n"), ("orders.csv", "x")])
    )
    ground.deliver("late.csv.zip", packed([("anything.txt", HEADER + "2,b,\n")]))
    report = ground.load()
    assert [(file.file, file.rows_loaded) for file in report.files] == [
        ("shop/date=2026-01-02/export_1.zip/people.csv", 1),
        ("shop/late.csv.zip/anything.txt", 1),
    ]


def test_names_that_climb_out_or_repeat_are_harmless(ground):
    ground.declare(files=["people.zip"])
    names = ["../../people.csv", "/people.csv", "C\\..\\people.csv"]
    ground.deliver("people.zip", packed([(name, f"{HEADER}{i},a,\n") for i, name in enumerate(names)]))
    ground.load()
    assert ground.rows("id, _file") == [
        ("2", "shop/people.zip/C/people.csv"),
        ("0", "shop/people.zip/people.csv"),
        ("1", "shop/people.zip/people.csv~2"),
    ]
    assert [path.name for path in ground.landing.parent.iterdir() if path.suffix == ".csv"] == []


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("people.csv.gz", gzip.compress(HEADER.encode() * 900)[:-9], "looks cut off"),
        ("people.csv.gz", b"\x1f\x8b\x08\0 no gzip at all", "cannot be unpacked"),
        ("people.zip", packed([("a.csv", HEADER)])[:-30], "is not a readable ZIP"),
        ("people.zip", packed([]), "is a ZIP without a file in it"),
        (
            "people.zip",
            packed([("a.zip", packed([("b.csv", HEADER)]))]),
            "is a ZIP or Excel file by its content",
        ),
        ("people.csv", packed([("a.csv", HEADER)]), "is a ZIP or Excel file by its content"),
        ("people.zip", packed([(f"{n}.csv", "") for n in range(60)]), "holds 60 files, more than 50"),
    ],
    ids=["cut gzip", "false gzip", "cut zip", "empty zip", "zip in zip", "zip named csv", "many files"],
)
def test_archives_that_are_refused(ground, monkeypatch, name, content, expected):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 50)
    ground.declare(files=["people*"])
    ground.deliver(name, content)
    assert expected in ground.refusal()


def test_a_damaged_file_in_a_zip_costs_only_itself(ground):
    ground.declare(files=["people.zip"])
    content = packed([("a.csv", HEADER + "1,a,\n"), ("b.csv", HEADER + "2,bbbbbbbbbb,\n")])
    at = content.index(b"b.csv") + 20
    ground.deliver("people.zip", content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :])
    assert [file.status for file in ground.load().files] == ["loaded", "refused"]


@pytest.mark.parametrize("kind", ["gzip", "zip"])
def test_bombs_are_refused_before_they_fill_the_disk(ground, monkeypatch, kind):
    monkeypatch.setattr(archives, "HARMLESS_BYTES", 3 << 20)
    ground.declare(files=["people*"])
    bomb = HEADER.encode() + bytes(1000 * (4 << 10))
    if kind == "gzip":
        ground.deliver("people.csv.gz", gzip.compress(bomb))
    else:
        ground.deliver("people.zip", packed([("people.csv", bomb)]))
    assert "unpacks to more than 250 times its size" in ground.refusal()
