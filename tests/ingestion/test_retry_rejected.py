"""Rejected rows get a second chance once their declaration is corrected, and are never there twice."""

from __future__ import annotations

from datetime import datetime

import pytest

from ingestion.retrying import retry_rejected

HEADER = "Id,Name,Joined\n"
AT = datetime(2026, 11, 2)
CORRECTED = {"columns": [{"name": "Id", "type": "text"}, "Name", {"name": "Joined", "type": "date"}]}
SUMS = "select sum(rows_in_file)::int, sum(rows_loaded)::int, sum(rows_rejected)::int from raw.loads"


def retry(ground):
    return retry_rejected(ground.connection, ground.landing, [ground.source], loaded_at=AT)


@pytest.fixture
def rejected(ground):
    """Two rows with an Id that is no integer, one that has too few fields, two good ones."""
    ground.deliver("people_2026-10-31.csv", HEADER + "1,a,\nx2,b,\nshort\nx4,d,2026-01-01\n5,e,\n")
    ground.load()
    assert ground.rows("id") == [("1",), ("5",)]
    return ground


def test_corrected_rows_are_loaded_from_their_place_and_the_others_stay(rejected):
    rejected.declare(**CORRECTED)
    report = retry(rejected)
    assert [(f.file, f.load_id, f.rows_loaded, f.rows_rejected, f.message) for f in report.files] == [
        ("shop/people_2026-10-31.csv", 1, 2, 1, "")
    ]
    assert rejected.rows("id, joined, _file, _row, _load_id, _delivered_at")[2:] == [
        ("x2", None, "shop/people_2026-10-31.csv", 2, 2, datetime(2026, 10, 31)),
        ("x4", "2026-01-01", "shop/people_2026-10-31.csv", 4, 2, datetime(2026, 10, 31)),
    ]
    assert rejected.ask("select line, status, retried_load_id from raw.rejected_rows order by line") == [
        *((3, "loaded", 2), (4, "rejected", None), (5, "loaded", 2)),
    ]
    assert rejected.ask(SUMS) == [(5, 4, 1)]
    assert not rejected.load().changed, "the retry is no new content"


def test_nothing_is_loaded_twice(rejected):
    rejected.declare(**CORRECTED)
    retry(rejected)
    before = rejected.rows("*")
    report = retry(rejected)
    assert (report.rows_loaded, report.rows_rejected) == (0, 1)
    assert rejected.rows("*") == before
    assert rejected.ask(SUMS) == [(5, 4, 1)]


def test_without_a_correction_nothing_changes(rejected):
    report = retry(rejected)
    assert (report.rows_loaded, report.rows_rejected) == (0, 3)
    assert len(rejected.ledger()) == 1
    assert rejected.ask("select distinct status from raw.rejected_rows") == [("rejected",)]


def test_a_row_that_a_later_file_brought_is_not_stored_again(ground):
    ground.declare(load="upsert", keys=["Id"])
    ground.deliver("people_2026-10-30.csv", HEADER + "1,a,2026-13-01\n2,b,\n")
    ground.deliver("people_2026-10-29.csv", HEADER + "1,a,2026-13-01\n")
    ground.load()
    ground.declare(load="upsert", keys=["Id"], columns=["Id", "Name", "Joined"])
    assert retry(ground).rows_loaded == 2
    assert ground.rows("id, _delivered_at") == [("2", datetime(2026, 10, 30)), ("1", datetime(2026, 10, 29))]


def test_many_rows_of_one_kind_are_no_reason_to_refuse(ground):
    ground.deliver("people.csv", HEADER + "".join(f"{i},a,\n" for i in range(100)) + "x,a,\n" * 90)
    ground.load()
    assert retry(ground).rows_rejected == 90


@pytest.mark.parametrize("change", ["removed", "changed"])
def test_a_file_that_is_gone_is_said_to_be(rejected, change):
    path = rejected.landing / "shop" / "people_2026-10-31.csv"
    path.unlink() if change == "removed" else path.write_text(HEADER)
    rejected.declare(**CORRECTED)
    [file] = retry(rejected).files
    assert (file.rows_loaded, file.rows_rejected) == (0, 3)
    assert (
        "people_2026-10-31.csv is no longer in landing as it was loaded, so its 3 rejected rows"
        in file.message
    )
    assert "Deliver the file again" in file.message


def test_rows_of_an_earlier_version_have_no_position(rejected):
    rejected.connection.execute("update raw.rejected_rows set row_number = null")
    [file] = retry(rejected).files
    assert "was loaded before positions of rejected rows were kept" in file.message
