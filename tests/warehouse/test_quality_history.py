"""Each day's quality is kept once, whatever happens to the warehouse; a second run of a day replaces the first."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from warehouse.connections import open_warehouse
from warehouse.quality_history import keep_quality
from warehouse.run_context import copy_state
from warehouse.settings import Settings

FIELDS = """
create or replace table quality.data_quality_fields as
select date '{day}' as as_of_date, source, field, 10::bigint as record_count, valid + 1 as filled_count, valid as valid_count,
    1::bigint as invalid_count, 'a stand-in' as commonest_problem, 1::bigint as commonest_problem_count,
    (valid + 1) / 10 as filled_share, valid / (valid + 1) as valid_share, valid / 10 as score
from (values {rows}) as judged (source, field, valid)
"""
HISTORY = "select as_of_date, source, field, valid_count from state.data_quality_history order by all"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


def run(settings: Settings, day: int, rows: str) -> tuple[list[tuple[object, ...]], int]:
    """A run as the steps make it: copy the state, build the model, keep it. Returns what was copied, rows kept."""
    with open_warehouse(settings, with_state=True) as connection:
        copy_state(connection, run_id="r", as_of=datetime(2026, 10, day, 12))
        copied = connection.execute(HISTORY).fetchall()
        connection.execute("create schema if not exists quality")
        connection.execute(FIELDS.format(rows=rows, day=f"2026-10-{day}"))
        return copied, keep_quality(connection)


def test_days_add_up_and_a_day_is_kept_once(settings):
    assert run(settings, 30, "('shop', 'email', 8), ('shop', 'phone', 5)") == ([], 2)
    first = [(date(2026, 10, 30), "shop", "email", 8), (date(2026, 10, 30), "shop", "phone", 5)]
    assert run(settings, 31, "('shop', 'email', 7), ('shop', 'phone', 6)") == (first, 2)
    # the same day again, with one field less: what the day's earlier run kept is gone
    assert run(settings, 31, "('shop', 'email', 9)")[1] == 1
    assert run(settings, 31, "('shop', 'email', 9)") == (
        [*first, (date(2026, 10, 31), "shop", "email", 9)],
        1,
    )


def test_the_history_outlives_the_warehouse(settings):
    run(settings, 30, "('shop', 'email', 8)")
    settings.warehouse_path.unlink()
    assert run(settings, 31, "('shop', 'email', 7)")[0] == [(date(2026, 10, 30), "shop", "email", 8)]


def test_nothing_is_kept_before_the_model_was_built(settings):
    with open_warehouse(settings, with_state=True) as connection:
        assert keep_quality(connection) == 0
