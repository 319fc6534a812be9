"""Parquet: every value as text with its row, types put to the test as in other formats, damaged files refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


@pytest.fixture
def people(ground):
    ground.declare(files=["people*.parquet"], format="parquet")
    return ground


def write(ground, table: dict[str, object], name="people.parquet", **options):
    path = ground.deliver(name, b"")
    pq.write_table(pa.table(table), path, **options)
    return path


def test_values_become_text_with_their_origin(people):
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    write(
        people,
        {
            "Id": [1, 2],
            "Name": ["O'Neil, Anna", ""],
            "Joined": [dt.date(2026, 1, 2), None],
            "Spent": [Decimal("12.50"), None],
            "Share": [0.1, None],
            "Seen At": [moment, None],
            "is_new": [True, None],
            "Tags": [["a", "b"], None],
            "Home": [{"city": "Leith"}, None],
        },
    )
    report = people.load()
    assert people.rows("id, name, joined, spent, share, is_new, tags, home, _file, _row, _load_id") == [
        (
            *("1", "O'Neil, Anna", "2026-01-02", "12.50", "0.1", "true"),
            *('["a","b"]', '{"city":"Leith"}'),
            "shop/people.parquet",
            1,
            1,
        ),
        ("2", *[None] * 7, "shop/people.parquet", 2, 1),
    ]
    assert people.ask("select seen_at::timestamptz = '2026-01-02T03:04:05Z' from raw.shop_people") == [
        (True,),
        (None,),
    ]
    assert people.ledger() == [("shop/people.parquet", "loaded", 2, 2, 0)]
    assert report.files[0].message == "new columns: spent, share, seen_at, is_new, tags, home"
    assert [result.status for result in people.load().files] == ["skipped"]


def test_mistyped_rows_are_rejected_with_their_values(people):
    joined = [f"2026-01-{day:02}" for day in range(1, 29)]
    joined[17] = "soon"
    write(people, {"Id": list(range(28)), "Name": ["b, c"] * 28, "Joined": joined}, row_group_size=10)
    people.load()
    assert people.rejects() == [
        (None, "Joined", "'soon' is not a date", '{"id":"17","name":"b, c","joined":"soon"}')
    ]
    assert people.rows("id, _row")[16:18] == [("16", 17), ("18", 19)]
    assert people.ledger() == [("shop/people.parquet", "loaded", 28, 27, 1)]


def test_a_retyped_column_is_refused(people):
    write(people, {"Id": ["x"] * 30, "Name": ["a"] * 30})
    assert "has a column 'Id' in which 30 of 30 values are not an integer" in people.refusal()


def test_names_that_differ_only_in_case_keep_both_values(people):
    write(people, {"Id": [1], "Name": ["a"], "NAME": ["b"]}, name="people [1]*.parquet")
    people.load()
    assert people.rows("name, name_2") == [("a", "b")]


def test_no_rows_are_a_delivery_of_nothing(people):
    write(people, {"Id": pa.array([], pa.int32()), "Name": pa.array([], pa.string())})
    people.load()
    assert people.ledger() == [("shop/people.parquet", "loaded", 0, 0, 0)]


def test_files_that_are_refused(people):
    path = write(people, {"Id": list(range(5000)), "Name": [f"name {i}" for i in range(5000)]})
    whole = path.read_bytes()
    for broken, expected in (
        (whole[:-100], "is not a readable Parquet file, or only the beginning of one"),
        (whole[:4] + b"\xff" * 3000 + whole[3004:], "understood differently by two readers"),
        (b"Id,Name\n1,a\n", "is not a readable Parquet file"),
        (b"", "is empty"),
    ):
        path.write_bytes(broken)
        report = people.load()
        assert [result.status for result in report.files] == ["refused"], expected
        assert expected in report.files[0].message
        assert people.rows() == []
    write(people, {"Nr": [1], "Name": ["a"]})
    assert "has no column 'Id'" in people.load().files[0].message
