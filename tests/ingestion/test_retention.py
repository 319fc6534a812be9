"""Which delivered files may go, and that nothing goes that was not loaded as it lies there."""

from __future__ import annotations

import gzip
import zipfile
from datetime import datetime

import pytest

from ingestion.loader import load
from ingestion.retention import plan_removal, remove

from .conftest import make_source

HEADER = "Id,Name,Joined\n"
NOW = datetime(2026, 10, 31)


@pytest.fixture
def kept(ground):
    """Files of a year, a month and a day ago; files older than 90 days may go."""
    ground.source = make_source().model_copy(update={"retention_days": 90})
    for number, name in enumerate(("2025-10-31", "2026-09-30", "2026-10-30")):
        ground.deliver(f"people_{name}.csv", HEADER + f"{number},a,\n")
    ground.load(NOW)
    return ground


def plan(ground):
    return plan_removal(ground.connection, ground.landing, [ground.source], now=NOW)


def test_old_files_go_and_their_rows_stay(kept):
    planned = plan(kept)
    assert [file.path.name for file in planned] == ["people_2025-10-31.csv"]
    assert planned[0].delivered_at == datetime(2025, 10, 31)
    assert remove(planned) == planned
    assert sorted(path.name for path in (kept.landing / "shop").iterdir()) == [
        *("people_2026-09-30.csv", "people_2026-10-30.csv"),
    ]
    assert plan(kept) == []
    assert not kept.load(NOW).changed
    assert len(kept.rows()) == 3


def test_without_retention_everything_stays(kept):
    kept.source = make_source()
    assert plan(kept) == []


@pytest.mark.parametrize("content", [HEADER + "9,changed,\n", "", HEADER + '9,"refused'])
def test_what_is_not_loaded_as_it_lies_there_stays(kept, content):
    kept.deliver("people_2025-10-31.csv", content)
    assert plan(kept) == []


def test_refused_and_new_files_stay(kept):
    kept.deliver("people_2025-10-30.csv", HEADER + '9,"refused')
    kept.load(NOW)
    kept.deliver("people_2025-10-29.csv", HEADER + "9,new,\n")
    assert [file.path.name for file in plan(kept)] == ["people_2025-10-31.csv"]


def test_a_file_that_changes_after_the_plan_stays(kept):
    planned = plan(kept)
    path = kept.deliver("people_2025-10-31.csv", HEADER + "9,changed just now,\n")
    assert remove(planned) == []
    assert path.exists()


def test_a_file_that_two_tables_ask_for_waits_for_both(kept):
    [table] = kept.source.tables
    other = table.model_copy(update={"name": "others"})
    kept.source = kept.source.model_copy(update={"tables": (table, other)})
    assert plan(kept) == []
    load(kept.connection, kept.landing, [kept.source], loaded_at=NOW)
    assert [file.path.name for file in plan(kept)] == ["people_2025-10-31.csv"]


@pytest.mark.parametrize(("others", "goes"), [({}, True), ({"readme.txt": "not asked for"}, False)])
def test_an_archive_goes_when_all_in_it_is_loaded(ground, others, goes):
    ground.source = make_source(files=["export*.zip/people*"]).model_copy(update={"retention_days": 90})
    path = ground.deliver("export_2025-10-31.zip", "")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (
            {"people_1.csv": HEADER + "1,a,\n", "people_2.csv": HEADER + "2,b,\n"} | others
        ).items():
            archive.writestr(name, content)
    ground.load(NOW)
    assert ground.rows("id") == [("1",), ("2",)]
    planned = plan(ground)
    assert [file.path for file in planned] == ([path] if goes else [])
    assert remove(planned) == planned
    assert path.exists() is not goes


def test_a_packed_file_goes(ground):
    ground.source = make_source(files=["people*"]).model_copy(update={"retention_days": 90})
    path = ground.deliver("people_2025-10-31.csv.gz", gzip.compress((HEADER + "1,a,\n").encode()))
    ground.load(NOW)
    assert [file.path for file in remove(plan(ground))] == [path]
    assert not path.exists()
