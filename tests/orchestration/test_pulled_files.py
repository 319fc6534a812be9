"""A source that this platform asks itself: what arrives is an asset, and a failure is a failed check, not a failed run."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import dagster as dg
import pytest

from ingestion.declarations import Source
from orchestration.defs.pulled_files import CHECK, _schedule, pulled_files

TILL = {
    "name": "till",
    "title": "Till",
    "description": "The till's own database.",
    "owner": "shops",
    "kind": "database",
    "expected_every_hours": 26,
    "schedule": "*/15 * * * *",
    "database": {"url": "CDP_TILL_URL"},
    "tables": [
        {
            "name": "sales",
            "description": "One row per sale.",
            "query": "select id, amount from sales",
            "load": "upsert",
            "keys": ["id"],
            "required": ["id"],
            "columns": ["id", "amount"],
        }
    ],
}


@pytest.fixture
def till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    path = tmp_path / "till.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("create table sales (id integer, amount text)")
        connection.executemany("insert into sales values (?, ?)", [(1, "3.50"), (2, "4.00")])
    connection.close()
    monkeypatch.setenv("CDP_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CDP_TILL_URL", f"sqlite:///{path}")
    return Source.model_validate(TILL)


def pull(source: Source) -> tuple[dg.ExecuteInProcessResult, bool]:
    with dg.instance_for_test() as instance:
        result = dg.materialize([pulled_files(source)], instance=instance)
    (check,) = result.get_asset_check_evaluations()
    assert check.check_name == CHECK
    return result, check.passed


def test_what_arrived_is_told(till: Source, tmp_path: Path) -> None:
    result, passed = pull(till)
    assert result.success and passed
    (event,) = result.get_asset_materialization_events()
    assert event.asset_key == dg.AssetKey(["landing", "till", "sales"])
    assert event.step_materialization_data.materialization.metadata["rows"].value == 2
    assert len([path for path in (tmp_path / "data/landing/till/sales").rglob("*") if path.is_file()]) == 1


def test_a_source_that_does_not_answer_fails_its_check_only(
    till: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDP_TILL_URL", "sqlite:////nowhere/till.sqlite")
    result, passed = pull(till)
    assert result.success and not passed


def test_a_source_without_settings_is_no_failure(till: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDP_TILL_URL")
    result, passed = pull(till)
    assert result.success and passed
    (event,) = result.get_asset_materialization_events()
    assert "CDP_TILL_URL" in str(event.step_materialization_data.materialization.metadata["outcome"].value)


def test_it_is_asked_as_often_as_declared(till: Source) -> None:
    schedule = _schedule(till)
    assert schedule.cron_schedule == "*/15 * * * *"
    assert schedule.job.name == "pull_till_job"
