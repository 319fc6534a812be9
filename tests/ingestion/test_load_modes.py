"""What a delivery means for what is there: new versions by key, whole tables with deletions, contents that come back."""

from __future__ import annotations

from datetime import datetime

import pytest

from ingestion.freshness import source_status
from ingestion.retrying import retry_rejected

HEADER = "Id,Name,Joined\n"
AT = datetime(2026, 11, 1)


def csv(*rows: str) -> str:
    return HEADER + "".join(f"{row}\n" for row in rows)


@pytest.fixture
def keyed(ground):
    ground.declare(load="upsert", keys=["Id"])
    return ground


def newest(ground) -> list[tuple[object, ...]]:
    """(id, name) as staging sees them."""
    return ground.ask(
        "select id, name from raw.shop_people "
        "qualify row_number() over (partition by id order by _delivered_at desc, _load_id desc, _row desc) = 1 "
        "order by id"
    )


def counts(ground) -> list[tuple[object, ...]]:
    return ground.ask(
        "select rows_in_file, rows_loaded, rows_unchanged, rows_rejected from raw.loads "
        "where status = 'loaded' order by load_id"
    )


def test_a_nightly_export_stores_what_changed_only(keyed):
    keyed.deliver("people_2026-10-30.csv", csv("1,a,", "2,b,", "3,c,", "x,bad,"))
    keyed.deliver("people_2026-10-31.csv", csv("3,c,", "1,a,", "2,B,", "4,d,", "x,bad,"))
    report = keyed.load(AT)
    assert keyed.rows("_load_id, id, name") == [
        *((1, "1", "a"), (1, "2", "b"), (1, "3", "c")),
        *((2, "2", "B"), (2, "4", "d")),
    ]
    assert counts(keyed) == [(4, 3, 0, 1), (5, 4, 2, 1)]
    assert (report.rows_loaded, report.rows_unchanged, report.rows_rejected) == (7, 2, 2)
    totals = report.by_source()["shop"]
    assert totals.reject_share == 2 / 9 and totals.rejects_too_much


def test_null_and_empty_and_new_columns_are_told_apart(keyed):
    keyed.deliver("people_1.csv", "Id,Name,Joined,A,B\n1,a,,x,\n2,b,,,\n")
    keyed.deliver("people_2.csv", "Id,Name,Joined,A,B,C\n1,a,,,x,\n2,b,,,,\n")
    keyed.load(AT)
    assert keyed.rows("_load_id, id, a, b") == [
        (1, "1", "x", None),
        (1, "2", None, None),
        (2, "1", None, "x"),
    ]


def test_contents_that_come_back_count_again(keyed):
    for name, value in (("10-29", "a"), ("10-30", "b"), ("10-31", "a")):
        keyed.deliver(f"people_2026-{name}.csv", csv(f"1,{value},", "2,same,"))
        keyed.load(AT)
    assert newest(keyed) == [("1", "a"), ("2", "same")]
    assert counts(keyed) == [(2, 2, 0, 0), (2, 2, 1, 0), (2, 2, 1, 0)]
    assert not keyed.load(AT).changed


def test_contents_that_come_back_under_the_same_name_count_again(keyed):
    for value in "aba":
        keyed.deliver("people.csv", csv(f"1,{value},"))
        keyed.load(AT)
    assert keyed.rows("name") == [("a",), ("b",), ("a",)]
    assert not keyed.load(AT).changed


def test_the_same_content_once_more_is_noted_once(keyed):
    keyed.deliver("people_2026-10-30.csv", csv("1,a,"))
    keyed.load(datetime(2026, 10, 30))
    keyed.deliver("people_2026-10-31.csv", csv("1,a,"))
    keyed.load(AT)
    keyed.load(AT)
    assert keyed.ledger() == [
        ("shop/people_2026-10-30.csv", "loaded", 1, 1, 0),
        ("shop/people_2026-10-31.csv", "skipped", 0, 0, 0),
    ]
    [status] = source_status(keyed.connection, [keyed.source], AT)
    assert (status.files, status.last_loaded_at, status.last_delivered_at) == (1, AT, datetime(2026, 10, 31))


def test_rows_without_keys_are_not_taken_twice_whatever_came_between(ground):
    for name, value in (("1", "a"), ("2", "b"), ("3", "a")):
        ground.deliver(f"people_{name}.csv", csv(f"1,{value},"))
        ground.load(AT)
    assert ground.rows("name") == [("a",), ("b",)]


def test_a_late_file_never_wins(keyed):
    keyed.deliver("people_2026-10-31.csv", csv("1,new,", "2,b,"))
    keyed.load(AT)
    keyed.deliver("people_2026-10-29.csv", csv("1,old,", "2,b,", "3,c,"))
    keyed.load(AT)
    assert newest(keyed) == [("1", "new"), ("2", "b"), ("3", "c")]


def test_what_was_unchanged_is_news_beside_a_late_file(keyed):
    for day, value in ((29, "a"), (31, "a"), (30, "b")):  # the 30th comes last
        keyed.deliver(f"people_2026-10-{day}.csv", csv(f"1,{value},", f"{day},z,", "x,bad,"))
        report = keyed.load(AT)
    assert [r.message for r in report.files][-1] == "compared again with an older delivery that came later"
    assert newest(keyed) == [("1", "a"), ("29", "z"), ("30", "z"), ("31", "z")]
    assert keyed.rows("_load_id, name") == [(1, "a"), (1, "z"), (2, "a"), (2, "z"), (3, "b"), (3, "z")]
    assert sorted(counts(keyed)) == [(3, 2, 0, 1)] * 3
    assert keyed.ask("select count(*) from raw.rejected_rows") == [(3,)]
    before = keyed.rows("*")
    assert not keyed.load(AT).changed
    assert keyed.rows("*") == before


def test_a_whole_file_that_repeats_an_older_one_is_news_beside_a_late_file(keyed):
    for day, value in ((29, "a"), (31, "a"), (30, "b")):
        keyed.deliver(f"people_2026-10-{day}.csv", csv(f"1,{value},"))
        keyed.load(AT)
    assert newest(keyed) == [("1", "a")]


def test_a_late_file_and_the_later_ones_in_one_load(keyed):
    for day in (29, 31):
        keyed.deliver(f"people_2026-10-{day}.csv", csv("1,a,"))
    keyed.deliver("people_2026-10-31.csv", csv("1,a,", "2,b,"))
    keyed.load(AT)
    keyed.deliver("people_2026-10-30.csv", csv("1,b,"))
    keyed.load(AT)  # first the 30th, then the 31st is compared again
    assert newest(keyed) == [("1", "a"), ("2", "b")]


def test_a_cursor_decides_before_the_delivery(ground):
    ground.declare(load="upsert", keys=["Id"], cursor="Joined")
    ground.deliver("people_1.csv", csv("1,new,2026-02-02", "2,b,2026-01-01"))
    ground.deliver("people_2.csv", csv("1,old,2026-01-01", "2,b,2026-01-01"))
    ground.load(AT)
    assert ground.rows("_load_id, id, name") == [(1, "1", "new"), (1, "2", "b"), (2, "1", "old")]


def test_lines_of_an_order_are_kept_together(ground):
    ground.declare(load="upsert", keys=["Id"], lines=True)
    ground.deliver(
        "people_2026-10-30.csv", csv("1,tea,", "1,mug,", "2,tea,", "2,tea,", "3,a,", "3,a,", "3,b,")
    )
    ground.deliver("people_2026-10-31.csv", csv("1,mug,", "1,tea,", "2,tea,", "3,a,", "3,b,", "3,b,"))
    ground.load(AT)
    assert ground.rows("_load_id, id, name")[7:] == [
        *((2, "2", "tea"),),  # one line less
        *((2, "3", "a"), (2, "3", "b"), (2, "3", "b")),
    ]


LINES = ("1,tea,", "1,mug,", "2,tea,", "2,cup,", "2,jug,", "3,tea,")


@pytest.mark.parametrize("cut", range(1, 6))
@pytest.mark.parametrize("name", ["people_2026-10-31", "people_2026-11-01", "people"])
def test_halves_of_a_file_that_is_there_bring_nothing(ground, cut, name):
    ground.declare(load="upsert", keys=["Id"], lines=True)
    ground.deliver("people_2026-10-31.csv", csv(*LINES))
    ground.load(AT)
    before = ground.rows("*")
    ground.deliver(f"{name}_a.csv", csv(*LINES[:cut]))
    ground.deliver(f"{name}_b.csv", csv(*LINES[cut:]))
    ground.load(AT)
    if cut in (2, 3, 4):  # elsewhere a half has one order only, and that order has fewer lines now
        assert ground.rows("*") == before


@pytest.mark.parametrize("first", ["a", "b"])
def test_halves_of_an_order_in_two_files_of_one_date_are_one_order(ground, first):
    ground.declare(load="upsert", keys=["Id"], lines=True)
    for half in sorted("ab", key=lambda half: half != first):
        rows = LINES[:4] if half == "a" else LINES[4:]
        ground.deliver(f"people_2026-10-31{half}.csv", csv(*rows))
        ground.load(AT)
    newest_lines = ground.ask(
        "select id, name from raw.shop_people "
        "qualify dense_rank() over (partition by id order by _delivered_at desc, _load_id desc) = 1 order by id, _file, _row"
    )
    assert newest_lines == [tuple(row.split(",")[:2]) for row in LINES]
    before = ground.rows("*")
    assert not ground.load(AT).changed
    assert ground.rows("*") == before


def test_json_keys_that_vanish_are_a_change(ground):
    ground.declare(
        name="people", files=["people*"], format="jsonl", required=["id"], columns=["id", "name"], keys=["id"]
    )
    ground.deliver("people_1.jsonl", '{"id":"1","name":"a"}\n{"id":"2","name":"b"}\n')
    ground.deliver("people_2.jsonl", '{"id":"1"}\n')
    ground.load(AT)
    assert ground.rows("_load_id, id, name") == [(1, "1", "a"), (1, "2", "b"), (2, "1", None)]


@pytest.fixture
def whole(ground):
    ground.declare(load="replace", keys=["Id"])
    return ground


def deleted(ground) -> list[tuple[object, ...]]:
    return ground.ask("select key_text, deleted_in_load_id, delivered_at from raw.deleted_rows order by all")


def live(ground) -> list[tuple[object, ...]]:
    return ground.ask("select key_text from raw.live_keys order by all")


def test_keys_that_vanish_from_a_whole_table_are_recorded(whole):
    whole.deliver("people_2026-10-30.csv", csv("1,a,", "2,b,", "3,c,"))
    assert whole.load(AT).deletions == []
    whole.deliver("people_2026-10-31.csv", csv("1,a,", "3,c,"))
    [deletion] = whole.load(AT).deletions
    assert (deletion.keys_before, deletion.keys_vanished, deletion.message) == (3, 1, "")
    assert deleted(whole) == [("2", 2, datetime(2026, 10, 31))]
    assert whole.load(AT).deletions == []
    whole.deliver("people_2026-11-01.csv", csv("1,a,", "2,b,", "3,c,"))
    whole.load(AT)
    assert whole.rows("_load_id, id") == [(1, "1"), (1, "2"), (1, "3"), (3, "2")], (
        "stored again: it came back"
    )
    assert live(whole) == [("1",), ("2",), ("3",)]


def test_files_of_one_date_are_one_delivery(whole):
    whole.deliver("people_2026-10-30.csv", csv("1,a,", "2,b,"))
    whole.load(AT)
    whole.deliver("people_2026-10-31_1.csv", csv("1,a,"))
    whole.deliver("people_2026-10-31_2.csv", csv("2,b,"))
    assert whole.load(AT).deletions == []
    assert deleted(whole) == []


def test_a_delivery_with_a_refused_part_deletes_nothing_until_it_is_whole(whole):
    whole.deliver("people_2026-10-30.csv", csv("1,a,", "2,b,", "3,c,"))
    whole.load(AT)
    whole.deliver("people_2026-10-31_1.csv", csv("1,a,"))
    whole.deliver("people_2026-10-31_2.csv", HEADER + '2,"cut')
    whole.load(AT)
    assert deleted(whole) == []
    whole.deliver("people_2026-10-31_2.csv", csv("2,b,"))
    whole.load(AT)
    assert deleted(whole) == [("3", 4, datetime(2026, 10, 31))]


def test_a_delivery_whose_refused_part_was_taken_away_deletes_nothing(whole):
    whole.deliver("people_2026-10-30.csv", csv("1,a,", "2,b,"))
    whole.load(AT)
    whole.deliver("people_2026-10-31_1.csv", csv("1,a,"))
    part = whole.deliver("people_2026-10-31_2.csv", HEADER + '2,"cut')
    whole.load(AT)
    part.unlink()
    whole.load(AT)
    assert deleted(whole) == []


def test_a_late_whole_delivery_brings_nothing_back(whole):
    whole.deliver("people_2026-10-31.csv", csv("1,a,", "2,b,"))
    whole.load(AT)
    whole.deliver("people_2026-10-30.csv", csv("1,a,", "2,b,", "3,c,"))
    whole.load(AT)
    assert deleted(whole) == [("3", 1, datetime(2026, 10, 31))]
    assert live(whole) == [("1",), ("2",)]


def test_a_delivery_that_lacks_too_much_deletes_nothing_and_says_so(whole):
    whole.deliver("people_2026-10-30.csv", csv(*(f"{i},a," for i in range(10))))
    whole.load(AT)
    whole.deliver("people_2026-10-31.csv", csv(*(f"{i},a," for i in range(20, 60))))
    [deletion] = whole.load(AT).deletions
    assert deletion.message.startswith(
        "10 of 10 keys are no longer there, but nothing was deleted: that is more than `largest_shrink` (50%) allows"
    )
    whole.load(AT)
    assert deleted(whole) == []
    [(message,)] = whole.ask("select message from raw.loads where load_id = 2")
    assert message == deletion.message
    [status] = source_status(whole.connection, [whole.source], AT)
    [shrunk] = status.shrunk
    assert (shrunk.table_name, shrunk.rows, shrunk.usual_rows, shrunk.keys_missing) == ("people", 40, 10, 10)
    whole.declare(load="replace", keys=["Id"], largest_shrink=1)
    whole.load(AT)
    assert len(deleted(whole)) == 10


def test_a_table_that_is_delivered_whole_from_now_on(keyed):
    for day in (29, 30):
        keyed.deliver(f"people_2026-10-{day}.csv", csv("1,a,", "2,b,", f"{day},c,"))
    keyed.load(AT)
    keyed.declare(load="replace", keys=["Id"])
    assert keyed.load(AT).deletions == []
    keyed.deliver("people_2026-10-31.csv", csv("1,a,", "30,c,"))
    [deletion] = keyed.load(AT).deletions
    assert (deletion.keys_before, deletion.keys_vanished) == (4, 2)
    assert [key for key, *_ in deleted(keyed)] == ["2", "29"]
    assert len(keyed.rows()) == 4


def test_a_rejected_row_may_hold_the_key_that_is_missed(whole):
    whole.deliver("people_2026-10-30.csv", csv("1,a,", "2,b,", "3,c,"))
    whole.load(AT)
    whole.deliver("people_2026-10-31.csv", csv("1,a,", "2,b,soon"))
    [deletion] = whole.load(AT).deletions
    assert "nothing was deleted: the delivery has 1 rejected rows, which may hold them" in deletion.message
    assert deleted(whole) == []
    whole.declare(load="replace", keys=["Id"], columns=["Id", "Name", "Joined"])
    retry_rejected(whole.connection, whole.landing, [whole.source], loaded_at=AT)
    [deletion] = whole.load(AT).deletions
    assert (deletion.keys_vanished, deletion.message) == (1, "")
    assert [key for key, *_ in deleted(whole)] == ["3"]


def test_several_keys_are_one_text(whole):
    whole.declare(load="replace", keys=["Id", "Name"], columns=["Id", "Name", "Joined"])
    whole.deliver("people_2026-10-30.csv", csv("1,a|b,", r"2,c\d,", "3,e,"))
    whole.load(AT)
    whole.deliver("people_2026-10-31.csv", csv("1,a|b,", "3,e,"))
    whole.load(AT)
    assert deleted(whole) == [(r"2|c\\d", 2, datetime(2026, 10, 31))]
    assert live(whole) == [(r"1|a\|b",), ("3|e",)]


def test_the_ledger_says_from_when_to_when(ground):
    ground.deliver("people.csv", csv("1,a,2026-03-01", "2,b,2026-01-01", "3,c,"))
    ground.load(AT)
    assert ground.ask("select min_event_at, max_event_at, delivered_at from raw.loads") == [
        (datetime(2026, 1, 1), datetime(2026, 3, 1), AT)
    ]


def test_a_source_that_shrinks_is_told(keyed):
    for day in range(1, 6):
        rows = 3 if day == 5 else 20
        keyed.deliver(f"people_2026-10-0{day}.csv", csv(*(f"{day}{i},a," for i in range(rows))))
    keyed.load(AT)
    [status] = source_status(keyed.connection, [keyed.source], AT)
    [shrunk] = status.shrunk
    assert (shrunk.delivered_at, shrunk.rows, shrunk.usual_rows) == (datetime(2026, 10, 5), 3, 20)
    assert (status.reject_share, status.rejects_too_much) == (0, False)
    assert status.next_expected_at == datetime(2026, 11, 2)


def test_a_data_folder_of_an_earlier_version_goes_on_working(keyed):
    path = keyed.deliver("people_2026-10-30.csv", csv("1,a,", "x,bad,"))
    keyed.load(AT)
    keyed.connection.execute("alter table raw.shop_people drop column _delivered_at")
    for column in (
        "rows_unchanged",
        "min_event_at",
        "max_event_at",
        "delivered_at",
        "compared_to",
        "modified_at",
    ):
        keyed.connection.execute(f"alter table raw.loads drop column {column}")
    for column in ("row_number", "status", "retried_load_id"):
        keyed.connection.execute(f"alter table raw.rejected_rows drop column {column}")
    keyed.deliver("people_2026-10-31.csv", csv("1,a,", "2,b,"))
    keyed.load(AT)
    assert keyed.rows("id, _delivered_at") == [("1", datetime(2026, 10, 30)), ("2", datetime(2026, 10, 31))]
    assert keyed.ask("select status from raw.rejected_rows") == [("rejected",)]
    path.rename(path.with_name("people_again_2026-10-30.csv"))  # when it was written was not kept then
    assert not keyed.load(AT).changed
