"""Random histories: whatever the order, names and cuts in which deliveries arrive, what counts in the end is the same."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Ground

# day of October → what was delivered that day: id → name
HISTORIES = st.dictionaries(
    st.integers(10, 14),
    st.dictionaries(st.sampled_from("123"), st.sampled_from("ab"), min_size=1),
    min_size=1,
    max_size=4,
)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NEWEST = """
    select id, name from (
        from raw.shop_people
        qualify row_number() over (partition by id order by _delivered_at desc, _load_id desc, _row desc) = 1
    ) as newest
    where not exists (
        from raw.deleted_rows as deleted where deleted.key_text = newest.id
        and row(deleted.delivered_at, deleted.deleted_in_load_id) >= row(newest._delivered_at, newest._load_id)
    )
"""


@contextmanager
def new_ground(**table: object) -> Iterator[Ground]:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(config={"threads": 1}) as connection:
        ground = Ground(Path(folder) / "landing", connection)
        ground.declare(keys=["Id"], columns=["Id", "Name"], **table)
        yield ground


def csv(rows: list[tuple[str, str]]) -> str:
    return "".join(f"{key},{name}\n" for key, name in [("Id", "Name"), *rows])


def deliver(ground: Ground, name: str, rows: list[tuple[str, str]]) -> Path:
    return ground.deliver(f"people_{name}.csv", csv(rows))


def newest(ground: Ground) -> dict[object, object]:
    assert ground.ask("select file from raw.loads where rows_in_file <> rows_loaded + rows_rejected") == []
    return dict(ground.ask(NEWEST))


@FEW
@given(HISTORIES, st.data())
def test_versions_in_any_order_of_arrival(history, data):
    arrivals = data.draw(st.permutations(sorted(history)), label="arrivals")
    with new_ground(load="upsert") as ground:
        for day in arrivals:
            deliver(ground, f"2026-10-{day}", list(history[day].items()))
            if data.draw(st.booleans(), label="load"):
                ground.load()
        ground.load()
        due = {key: name for day in sorted(history) for key, name in history[day].items()}
        assert newest(ground) == due
        before = ground.rows("*")
        assert not ground.load().changed
        assert ground.rows("*") == before


def test_an_older_delivery_that_the_same_content_outdates_is_never_stored():
    with new_ground(load="upsert") as ground:
        deliver(ground, "2026-10-10", [("1", "b")])
        deliver(ground, "2026-10-12", [("1", "a")])
        ground.load()
        deliver(ground, "2026-10-11", [("1", "a")])
        deliver(ground, "2026-10-13", [("1", "b")])
        ground.load()
        before = ground.rows("*")
        assert not ground.load().changed
        assert ground.rows("*") == before
        assert newest(ground) == {"1": "b"}


@FEW
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=5), st.data())
def test_files_without_a_date_count_from_the_day_they_came(contents, data):
    holds: dict[str, str] = {}  # name → what was last delivered under it, also where it has been taken away
    with new_ground(load="upsert") as ground:
        for day, content in enumerate(contents, start=1):
            # a name may be written over, but with what it holds already nothing is delivered
            name = data.draw(st.sampled_from([n for n in "vwxyz" if holds.get(n) != content]), label="name")
            path = deliver(ground, name, [("1", content)])
            os.utime(path, (day, day))
            holds[name] = content
            for hour in range(data.draw(st.integers(1, 2), label="loads")):
                ground.load(datetime(2026, 11, day, hour))
            assert newest(ground) == {"1": content}
            happens = data.draw(st.sampled_from(["nothing", "renamed", "taken away"]), label="then")
            if happens == "renamed":
                path.rename(path.with_name(f"people_{day}.csv"))
            elif happens == "taken away":
                path.unlink()
        before = ground.rows("*")
        assert not ground.load(datetime(2026, 11, 30)).changed
        assert ground.rows("*") == before


@FEW
@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=6), st.data())
def test_files_without_a_date_that_come_together_count_in_the_order_of_their_names(contents, data):
    with new_ground(load="upsert") as ground:
        for number, content in enumerate(contents):
            deliver(ground, str(number), [("1", content)])
            if data.draw(st.booleans(), label="load"):
                ground.load(datetime(2026, 11, 1 + number))
                assert newest(ground) == {"1": content}
        for day in (10, 11):
            ground.load(datetime(2026, 11, day))
            assert newest(ground) == {"1": contents[-1]}
        assert not ground.load(datetime(2026, 11, 12)).changed


@FEW
@given(HISTORIES, st.data())
def test_whole_tables_in_any_order_of_arrival(history, data):
    arrivals = data.draw(st.permutations(sorted(history)), label="arrivals")
    with new_ground(load="replace", largest_shrink=1) as ground:
        for day in arrivals:
            deliver(ground, f"2026-10-{day}", list(history[day].items()))
            if data.draw(st.booleans(), label="load"):
                ground.load()
        ground.load()
        assert newest(ground) == history[max(history)]


def test_a_key_that_came_back_stays_when_an_older_whole_table_comes_late():
    with new_ground(load="replace", largest_shrink=1) as ground:
        deliver(ground, "2026-10-10", [("2", "a")])
        deliver(ground, "2026-10-11", [("1", "a")])
        ground.load()
        deliver(ground, "2026-10-13", [("1", "a"), ("2", "a")])
        ground.load()
        deliver(ground, "2026-10-12", [("1", "b")])
        ground.load()
        assert newest(ground) == {"1": "a", "2": "a"}


@FEW
@given(HISTORIES, st.data())
def test_what_is_there_can_be_delivered_in_any_form(history, data):
    with new_ground(load="upsert") as ground:
        for day in sorted(history):
            deliver(ground, f"2026-10-{day}", list(history[day].items()))
        ground.load()
        before = ground.rows("*")
        day = max(history)
        rows = data.draw(st.permutations(list(history[day].items())), label="order")
        cut = data.draw(st.integers(0, len(rows)), label="cut")
        name = data.draw(st.sampled_from([f"2026-10-{day}", "2026-10-31", ""]), label="name")
        deliver(ground, f"{name}_a", rows[:cut])
        deliver(ground, f"{name}_b", rows[cut:])
        ground.load(datetime(2026, 11, 1))
        assert ground.rows("*") == before
