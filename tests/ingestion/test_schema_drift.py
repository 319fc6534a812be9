"""Columns that come, go and change: what is taken, what is refused, and the history of both."""

from __future__ import annotations

HEADER = "Id,Name,Joined\n"
HISTORY = (
    "select load_id, file, change, column_name, expected, found from raw.schema_changes order by load_id"
)


def test_a_new_column_is_added_and_noted(ground):
    ground.deliver("people_1.csv", HEADER + "1,a,\n")
    ground.deliver("people_2.csv", "Id,Name,Joined,Shoe Size\n2,b,,42\n")
    report = ground.load()
    assert ground.rows("id, shoe_size") == [("1", None), ("2", "42")]
    assert ground.ask(HISTORY) == [(2, "shop/people_2.csv", "added", "shoe_size", None, "a new column")]
    assert [(file.file, change.column) for file, change in report.schema_changes] == [
        ("shop/people_2.csv", "shoe_size")
    ]


def test_a_column_is_absent_once_and_returns(ground):
    for number, header in enumerate(("Id,Name,Joined", "Id,Name", "Id,Name", "Id,Name,Joined"), start=1):
        ground.deliver(f"people_{number}.csv", f"{header}\n{number},a{',' * (header.count(',') - 1)}\n")
    ground.load()
    assert [row[:4] for row in ground.ask(HISTORY)] == [
        (2, "shop/people_2.csv", "absent", "joined"),
        (4, "shop/people_4.csv", "returned", "joined"),
    ]


def test_a_missing_column_is_refused_with_its_history_and_the_old_rows_stay(ground):
    ground.deliver("people_1.csv", HEADER + "1,a,\n")
    ground.load()
    ground.deliver("people_2.csv", "Id,Nmae,Joined\n2,b,\n")
    [_, result] = ground.load().files
    assert result.status == "refused"
    assert "shop/people_2.csv has no column 'Name'. The nearest is 'Nmae'" in result.message
    assert ground.rows("id") == [("1",)]
    told = [(2, "shop/people_2.csv", "missing", "name", "the column 'Name'", "nearest 'Nmae'")]
    assert ground.ask(HISTORY) == told
    ground.load()
    assert ground.ask(HISTORY) == told, "refused again, told once"


def test_a_retyped_column_is_refused_with_what_was_expected_and_found(ground):
    ground.deliver("people_1.csv", HEADER + "1,a,2026-01-01\n")
    ground.deliver("people_2.csv", HEADER + "".join(f"{i},n,soon\n" for i in range(40)))
    report = ground.load()
    assert report.files[1].status == "refused"
    assert ground.rows("id, joined") == [("1", "2026-01-01")]
    assert ground.ask(HISTORY) == [
        (2, "shop/people_2.csv", "retyped", "joined", "a date", "40 of 40 values such as 'soon'")
    ]


def test_json_keys_come_and_go_without_being_told(ground):
    ground.declare(files=["people*"], format="jsonl", required=["id"], columns=["id", "name"])
    ground.deliver("people_1.jsonl", '{"id":"1","name":"a"}\n')
    ground.deliver("people_2.jsonl", '{"id":"2","age":4}\n')
    ground.load()
    assert [row[2:4] for row in ground.ask(HISTORY)] == [("added", "age")]
