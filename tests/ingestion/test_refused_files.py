"""Files that are refused whole: each says what, where and what next, is recorded, and harms nothing else."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import pytest

from ingestion.freshness import source_status

HEADER = "Id,Name,Joined\n"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty"),
        (b"\n \r\n", "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 20, "is binary"),
        (b"PK\x03\x04\0\0rest of a workbook", "is a ZIP or Excel file by its content"),
        (b"\xff\xfeI\0d\0,", "is not valid UTF-16"),
        (
            b"Id,Nmae,Joined\n1,a,\n",
            "has no column 'Name'. The nearest is 'Nmae': was it renamed? Found: 'Id', 'Nmae', 'Joined'",
        ),
        (b"Id:Name:Joined\n1:a:\n", "has no column 'Id'"),
        (
            b"Id,Name,Joined\n1,a,2026-01-01\n2,b",
            "looks cut off in line 3: its last record has 2 of 3 fields",
        ),
        (
            b'Id,Name,Joined\n1,a,\n2,"b\nc,\n3,c,\n',
            "looks cut off in line 3: a quote that opens there is never closed",
        ),
        (b'Id,"Name', "looks cut off in its header"),
        (
            HEADER.encode() + b"".join(b"%d,n,soon\n" % i for i in range(40)),
            "has a column 'Joined' in which 40 of 40 values are not a date",
        ),
    ],
)
def test_what_is_refused_and_what_it_says(ground, content, expected):
    ground.deliver("people.csv", content)
    message = ground.refusal()
    assert message.startswith("shop/people.csv ")
    assert expected in message


def test_a_header_below_the_end_of_the_file(ground):
    ground.declare(skip=3)
    ground.deliver("people.csv", "only one line\n")
    assert "ends before its header, which is declared to be line 4" in ground.refusal()


def test_a_file_that_may_not_be_read(ground):
    path = ground.deliver("people.csv", HEADER)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert "cannot be read: Permission denied" in ground.refusal()


def test_a_refused_file_leaves_the_old_rows_and_the_other_files_go_on(ground):
    ground.deliver("people_1.csv", HEADER + "1,a,\n")
    ground.load()
    ground.deliver("people_2.csv", HEADER + '2,"b\n')
    ground.deliver("people_3.csv", HEADER + "3,c,\n")
    report = ground.load()
    assert [result.status for result in report.files] == ["skipped", "refused", "loaded"]
    assert ground.rows("id") == [("1",), ("3",)]


def test_a_refused_file_is_tried_again_and_its_corrected_delivery_loads(ground):
    ground.deliver("people.csv", HEADER + "1,a,\n2,b")
    ground.load()
    assert ground.load().files[0].status == "refused"
    assert [row[1] for row in ground.ledger()] == ["refused"]
    ground.deliver("people.csv", HEADER + "1,a,\n2,b,\n")
    report = ground.load()
    assert report.files[0].status == "loaded"
    assert ground.rows("id") == [("1",), ("2",)]
    assert [row[1] for row in ground.ledger()] == ["refused", "loaded"]


def test_nothing_delivered_is_no_error_and_tables_exist(ground):
    report = ground.load()
    assert report.files == [] and not report.changed
    assert report.not_delivered == ["shop_people"]
    assert ground.rows("id, name, joined, _file, _row, _load_id") == []


def test_files_that_nobody_asked_for_are_named(ground):
    ground.deliver("people.csv", HEADER)
    ground.deliver("peple.csv", HEADER)
    ground.deliver(".hidden", "")
    assert ground.load().unclaimed == ["shop/peple.csv"]


def test_status_of_a_source(ground):
    at = datetime(2026, 1, 1)
    assert source_status(ground.connection, [ground.source], at)[0].is_late is False
    ground.deliver("people_1.csv", HEADER + "1,a,\nx,b,\n")
    ground.deliver("people_2.csv", "")
    ground.load(at)
    status = source_status(ground.connection, [ground.source], at + timedelta(hours=24))[0]
    assert (status.last_loaded_at, status.newest_file) == (at, "shop/people_1.csv")
    assert (status.files, status.rows, status.rejected, status.is_late) == (1, 1, 1, False)
    assert [(refused.file, "is empty" in refused.message) for refused in status.refused] == [
        ("shop/people_2.csv", True)
    ]
    assert source_status(ground.connection, [ground.source], at + timedelta(hours=25))[0].is_late
    ground.deliver("people_2.csv", HEADER)
    ground.load(at)
    assert source_status(ground.connection, [ground.source], at)[0].refused == ()


def test_a_refused_file_that_was_taken_away_is_a_trouble_until_the_next_delivery(ground):
    at = datetime(2026, 1, 2)
    ground.deliver("people_2026-01-01.csv", HEADER + "1,a,\n")
    refused = ground.deliver("people_2026-01-02.csv", "")
    ground.load(at)
    refused.unlink()
    assert ground.load(at).taken_away == ["shop/people_2026-01-02.csv"]
    (trouble,) = source_status(ground.connection, [ground.source], at)[0].missing_files
    assert trouble.message.startswith("shop/people_2026-01-02.csv was refused and then taken away")
    assert ground.load(at).taken_away == []
    ground.deliver("people_2026-01-03.csv", HEADER + "1,b,\n")
    ground.load(at)
    assert source_status(ground.connection, [ground.source], at)[0].refused == ()


def test_a_refused_file_that_came_again_under_another_name_is_no_trouble_once_it_is_taken_away(ground):
    at = datetime(2026, 1, 2)
    refused = ground.deliver("people_2026-01-02.csv", HEADER + '1,"a\n')
    ground.deliver("people_again_2026-01-02.csv", HEADER + "1,a,\n")
    ground.load(at)
    assert len(source_status(ground.connection, [ground.source], at)[0].missing_files) == 1
    refused.unlink()
    ground.load(at)
    assert source_status(ground.connection, [ground.source], at)[0].refused == ()
    ground.deliver("people_2026-01-02.csv", HEADER + '1,"a\n')  # and back
    ground.load(at)
    assert len(source_status(ground.connection, [ground.source], at)[0].missing_files) == 1
