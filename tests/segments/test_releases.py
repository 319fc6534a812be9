"""Write, audit, publish per segment: what holds one, what it keeps meanwhile, and what is remembered of it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from segment_shop import NOW, add_customers, fill, lapsed, segment, warehouse

from segments.audit import Counts, Findings, SourceState, audit
from segments.definitions import read_released
from segments.errors import NothingHeld
from segments.overrides import give_override
from segments.release import Decision, Run, held_together, release_segments
from warehouse.connections import STATE_CATALOG

PEOPLE = {f"c{number:03}": f"Reason {number}." for number in range(100)}


def release(connection, *segments, run="r1", now=NOW, **known) -> dict[str, Decision]:
    found = {segment.name: segment for segment in segments}
    return {d.segment: d for d in release_segments(connection, found, Run(run, now, **known))}


def members(connection, name="lapsed_buyers") -> set[str]:
    rows = connection.execute(
        "select customer_id from state_store.segments.members where segment_name = ?", [name]
    ).fetchall()
    return {row[0] for row in rows}


def stays(connection) -> list[tuple[object, ...]]:
    return connection.execute("from state_store.segments.stays order by all").fetchall()


@pytest.fixture
def filled(shop):
    add_customers(shop, [(name, 1, 200) for name in PEOPLE])
    fill(shop, "lapsed_buyers", PEOPLE)
    return shop


@contextmanager
def state_alone(connection):
    """The state file as the command line has it: the default catalog."""
    connection.execute(f"use {STATE_CATALOG}")
    try:
        yield connection
    finally:
        connection.execute("use warehouse")


def some(count: int, start: int = 0) -> dict[str, str]:
    return {name: PEOPLE[name] for name in list(PEOPLE)[start : start + count]}


def test_a_first_release_takes_everybody_in(filled):
    decision = release(filled, segment())["lapsed_buyers"]
    assert (decision.status, decision.counts.entered, decision.is_news) == ("released", 100, True)
    assert members(filled) == set(PEOPLE)
    assert stays(filled)[0] == ("lapsed_buyers", "c000", NOW, "Reason 0.", None, None)


def test_the_same_again_changes_nothing(filled):
    release(filled, segment())
    before = [filled.execute(f"from state_store.segments.{t} order by all").fetchall() for t in ("members", "stays", "decisions", "daily_sizes")]  # fmt: skip
    decision = release(filled, segment(), run="r2")["lapsed_buyers"]
    assert not decision.is_news
    after = [filled.execute(f"from state_store.segments.{t} order by all").fetchall() for t in ("members", "stays", "decisions", "daily_sizes")]  # fmt: skip
    assert after == before


@pytest.mark.parametrize(
    ("kept", "terms", "said"),
    [
        (
            60,
            {},
            "0 people would enter and 40 people leave at once, of 100 in it now; more than 20% is unusual",
        ),
        (85, {"size_band": [90, 500]}, "it came out with 85 people where marketing expects 90 to 500"),
        (0, {"largest_change": 1}, "it came out with 0 people where marketing expects 1 to 1,000"),
    ],
)
def test_numbers_that_nobody_expects_hold_it_with_its_old_members(filled, kept, terms, said):
    release(filled, segment())
    fill(filled, "lapsed_buyers", some(kept))
    decision = release(filled, segment(**terms), run="r2")["lapsed_buyers"]
    assert decision.status == "held"
    assert said in decision.sentence and "cdp segment release lapsed_buyers" in decision.sentence
    assert members(filled) == set(PEOPLE)
    assert all(left is None for *_, left, _ in stays(filled))


def test_a_handful_may_always_come_and_go(filled):
    fill(filled, "lapsed_buyers", some(25))
    release(filled, segment())
    fill(filled, "lapsed_buyers", some(5))
    assert release(filled, segment(), run="r2")["lapsed_buyers"].status == "released"
    assert len(members(filled)) == 5


def test_a_failed_test_a_late_source_and_a_bad_contract_each_hold_their_own_segment(filled):
    for name in ("tea", "stale", "unread", "fine", "missing", "mute"):
        fill(filled, name, some(10))
    filled.execute("drop table segments.segment_missing")
    filled.execute("alter table segments.segment_mute drop column reason")
    unread = segment("unread").__class__(
        "unread", '"segments"."segment_unread"', "f", "", None, "`purpose` is missing"
    )
    old = SourceState(NOW - timedelta(hours=49), expected_at=NOW + timedelta(hours=1))
    found = release(
        filled, segment("tea"), segment("stale", sources={"shopify": 48}), unread, segment("fine", sources={"shopify": 72}), segment("missing"), segment("mute"),
        broken={"tea": "the data test unique_tea did not pass"}, sources={"shopify": old},
    )  # fmt: skip
    assert {name: d.status for name, d in found.items()} == {
        "tea": "held", "stale": "held", "unread": "held", "fine": "released", "missing": "held", "mute": "held",
    }  # fmt: skip
    assert "unique_tea" in found["tea"].sentence
    assert (
        "it needs shopify, which last delivered on 2026-10-29 22:59 and should have again by 2026-10-31 22:59"
        in found["stale"].sentence
    )
    assert "`purpose` is missing" in found["unread"].sentence
    assert "has not been built" in found["missing"].sentence
    assert "its SQL gives no column `reason`" in found["mute"].sentence


def test_a_source_without_hours_is_judged_by_its_own_schedule(filled):
    loaded = NOW - timedelta(hours=26)
    for due, status in ((NOW - timedelta(seconds=1), "held"), (NOW, "released")):
        found = release(
            filled, segment(sources=["shopify"]), run=status, sources={"shopify": SourceState(loaded, due)}
        )
        assert found["lapsed_buyers"].status == status


def test_a_source_that_never_delivered_holds_only_who_asks_for_hours(filled):
    """A shop without a till has no till's export: nothing is late there."""
    never = {"square": SourceState(None, None)}
    assert release(filled, segment(sources=["square"]), sources=never)["lapsed_buyers"].status == "released"
    found = release(filled, segment(sources={"square": 48}), run="r2", sources=never)["lapsed_buyers"]
    assert found.status == "held" and "it needs square, which has never delivered" in found.sentence


def test_what_is_made_from_a_held_segment_is_held_too(filled):
    fill(filled, "tea", some(10))
    fill(filled, "tea_lapsed", some(5))
    found = release(
        filled, segment("tea", title="Tea"), segment("tea_lapsed", built_from=("tea",)), broken={"tea": "the test t did not pass"}
    )  # fmt: skip
    assert found["tea_lapsed"].status == "held"
    assert "it is made from Tea, which is held" in found["tea_lapsed"].sentence


def test_what_holds_many_is_said_once():
    late = "it needs shopify, which is late"
    rows = [("at_risk", "At risk", late), ("tea", "Tea", "it came out with 9 people"), ("vip", "VIPs", late)]
    many, one = held_together(rows)
    assert many.startswith(
        f"2 segments are held (At risk, VIPs), each because {late}. Whoever was in them before still is."
    )
    assert (
        one.startswith("the segment Tea is held: it came out with 9 people. ")
        and "release tea --override" in one
    )


def test_a_combination_names_all_that_hold_it():
    [reason] = audit(segment(), Counts(5), Findings(held=("Tea", "Cups", "Lapsed")), {}, NOW).reasons
    assert (
        reason == "it is made from Tea, Cups and Lapsed, which are held, and is released together with them"
    )


def test_a_person_lets_a_segment_pass_once(filled):
    release(filled, segment())
    fill(filled, "lapsed_buyers", some(50))
    assert release(filled, segment(), run="r2")["lapsed_buyers"].status == "held"
    with state_alone(filled) as state:
        assert (
            "50 people leave"
            in give_override(state, segment(), person="rosa", reason="spring clean", now=NOW)[0]
        )
    passed = release(filled, segment(), run="r3")["lapsed_buyers"]
    assert (passed.status, len(members(filled))) == ("released", 50)
    assert passed.override and (passed.override.person, passed.override.reason) == ("rosa", "spring clean")
    [(person, used, reasons)] = filled.execute(
        "select person, used_run_id, reasons from state_store.segments.overrides join state_store.segments.decisions using (override_id)"
    ).fetchall()
    assert (person, used) == ("rosa", "r3") and "50 people leave" in json.loads(reasons)[0]
    fill(filled, "lapsed_buyers", some(10))
    assert release(filled, segment(), run="r4")["lapsed_buyers"].status == "held"


def test_what_was_let_pass_must_still_be_what_the_person_saw(filled):
    release(filled, segment())
    fill(filled, "lapsed_buyers", some(50))
    release(filled, segment(), run="r2")
    with state_alone(filled) as state:
        give_override(state, segment(), person="rosa", reason="fine", now=NOW)
    fill(filled, "lapsed_buyers", some(5))
    assert release(filled, segment(), run="r3")["lapsed_buyers"].status == "held"


def test_only_what_is_held_can_be_let_pass_and_not_what_cannot_be_read(filled):
    release(filled, segment())
    with state_alone(filled) as state, pytest.raises(NothingHeld, match="is not held"):
        give_override(state, segment(), person="rosa", reason="?", now=NOW)
    filled.execute("drop table segments.segment_lapsed_buyers")
    release(filled, segment(), run="r2")
    with state_alone(filled) as state, pytest.raises(NothingHeld, match="cannot be released by a person"):
        give_override(state, segment(), person="rosa", reason="?", now=NOW)


def test_a_strict_segment_takes_only_people_beyond_doubt(filled):
    filled.execute(
        "update intermediate.int_customer__identity_confidence set is_strict = false where customer_id = 'c007'"
    )
    release(filled, segment(identity_confidence="strict"))
    assert members(filled) == set(PEOPLE) - {"c007"}


def test_holdouts_are_chosen_by_a_hash_that_stays_and_differs_by_segment(filled):
    fill(filled, "tea", PEOPLE)
    release(filled, segment(holdout_share=0.3), segment("tea", holdout_share=0.3))
    chosen = dict(
        filled.execute(
            "select segment_name, list(customer_id order by customer_id) from state_store.segments.members where is_holdout group by 1"
        ).fetchall()
    )
    assert 15 <= len(chosen["tea"]) <= 45
    assert chosen["tea"] != chosen["lapsed_buyers"]
    fill(filled, "tea", some(50))
    release(filled, segment("tea", holdout_share=0.3, largest_change=1), run="r2")
    again = filled.execute("select customer_id from state_store.segments.members where is_holdout and segment_name = 'tea'").fetchall()  # fmt: skip
    assert {c for (c,) in again} == {c for c in chosen["tea"] if c in some(50)}


def test_who_leaves_is_told_why_with_their_own_values(filled):
    definition = lapsed("released")
    release(filled, segment(largest_change=1), definitions={"lapsed_buyers": definition})
    filled.execute(
        "update marts.customers set last_order_at = timestamp '2026-10-30' where customer_id = 'c001'"
    )
    filled.execute(
        "update marts.customers set order_count = 0, last_order_at = null where customer_id = 'c002'"
    )
    filled.execute("insert into identity.identity_redirects values ('c003', 'c004')")
    filled.execute("delete from intermediate.int_customer__identity_confidence where customer_id = 'c005'")
    gone = ("c001", "c002", "c003", "c005")
    fill(filled, "lapsed_buyers", {name: why for name, why in PEOPLE.items() if name not in gone})
    later = NOW + timedelta(days=1)
    release(filled, segment(largest_change=1), run="r2", now=later, definitions={"lapsed_buyers": definition})
    left = {c: (at, why) for _, c, _, _, at, why in stays(filled) if at is not None}
    assert {at for at, _ in left.values()} == {later}
    assert {c: why for c, (_, why) in left.items()} == {
        "c001": "No longer true: days_since_order between 180 and 730 (days_since_order = 1).",
        "c002": "No longer true: order_count > 0 (order_count = 0).",
        "c003": "Is now customer c004: their records were merged.",
        "c005": "Is no customer any more.",
    }


def test_the_released_definition_is_kept_once_per_version(filled):
    for run, definition in (("r1", lapsed("a")), ("r2", lapsed("a")), ("r3", lapsed("b", after=200))):
        release(filled, segment(), run=run, definitions={"lapsed_buyers": definition})
    assert filled.execute("select count(*) from state_store.segments.definitions").fetchone() == (2,)
    with state_alone(filled) as state:
        found = read_released(state, "lapsed_buyers")
    assert found and "between 200 and 730" in found.sql and found.contract == segment().contract


def test_a_segment_taken_out_of_the_project_lets_its_people_go(filled):
    release(filled, segment())
    release(filled, segment("tea"), run="r2")
    assert members(filled) == set()
    assert {why for *_, why in stays(filled)} == {"The segment was taken out."}


def test_a_segment_taken_out_while_it_was_held_needs_nobody_any_more(filled):
    release(
        filled, segment(), segment("tea"), run="r1", broken={"tea": "the data test unique_tea did not pass"}
    )
    release(filled, segment(), run="r2")
    release(filled, segment(), run="r3")
    told = "select run_id, status from state_store.segments.decisions where segment_name = 'tea' order by 1"
    assert filled.execute(told).fetchall() == [("r1", "held"), ("r2", "retired")]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    nights=st.lists(
        st.tuples(st.sets(st.integers(0, 9)), st.booleans(), st.booleans()), min_size=1, max_size=8
    )
)
def test_history_tells_every_night_again(tmp_path_factory, nights):
    """Random nights of members, failed tests and repeated runs: the stays say who was in on each of them."""
    with warehouse(tmp_path_factory.mktemp("nights")) as connection:
        add_customers(connection, [(f"c{number}", 1, 200) for number in range(10)])
        expected: dict[datetime, set[str]] = {}
        inside: set[str] = set()
        for night, (chosen, is_broken, is_repeated) in enumerate(nights):
            now = NOW + timedelta(days=night)
            fill(connection, "lapsed_buyers", {f"c{number}": "Is in." for number in chosen})
            for attempt in range(1 + is_repeated):
                release(
                    connection, segment(size_band=[0, 100]), run=f"{night}.{attempt}", now=now,
                    broken={"lapsed_buyers": "a test did not pass"} if is_broken else {},
                )  # fmt: skip
            inside = inside if is_broken else {f"c{number}" for number in chosen}
            expected[now] = set(inside)
            assert members(connection) == inside
        for now, people in expected.items():
            rows = connection.execute(
                "select customer_id from state_store.segments.stays where entered_at <= ? and (left_at is null or left_at > ?)", [now, now]
            ).fetchall()  # fmt: skip
            assert sorted(c for (c,) in rows) == sorted(people)
        sizes = connection.execute("select as_of_date, member_count from state_store.segments.daily_sizes order by 1").fetchall()  # fmt: skip
        assert sizes == [(now.date(), len(people)) for now, people in sorted(expected.items())]
