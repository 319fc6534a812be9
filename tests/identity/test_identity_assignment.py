"""Which cluster keeps which id, and that over any history ids are used once and always resolve."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from identity.assignment import Assignment, assign, fresh_id, resolve_redirects


class Store:
    """The durable state as dictionaries, kept the way `ledger.py` keeps it."""

    def __init__(self) -> None:
        self.previous: dict[str, str] = {}
        self.ages: dict[str, int] = {}
        self.status: dict[str, str] = {}
        self.redirects: dict[str, str] = {}

    def night(self, clusters: list[list[str]]) -> Assignment:
        live = {customer for customer, status in self.status.items() if status == "live"}
        result = assign(clusters, self.previous, self.ages, live)
        for event in result.events:
            if event.action in ("created", "split"):
                assert event.customer_id not in self.ages, "an id was given out twice"
                self.ages[event.customer_id] = len(self.ages) + 1
                self.status[event.customer_id] = "live"
            elif event.action == "merged":
                assert event.related_customer_id is not None
                self.status[event.customer_id] = "merged"
                self.redirects[event.customer_id] = event.related_customer_id
                for record, customer in self.previous.items():
                    if customer == event.customer_id:
                        self.previous[record] = event.related_customer_id
            elif event.action in ("retired", "restored"):
                self.status[event.customer_id] = "retired" if event.action == "retired" else "live"
        self.previous.update(result.customer_of)
        return result


def actions(result: Assignment) -> list[tuple[str, str, str | None]]:
    return [(event.action, event.customer_id, event.related_customer_id) for event in result.events]


def test_merge_keeps_the_id_with_most_members() -> None:
    store = Store()
    first = store.night([["a"], ["b", "c"]]).customer_of
    merged = store.night([["a", "b", "c"]])
    assert set(merged.customer_of.values()) == {first["b"]}
    assert actions(merged) == [("merged", first["a"], first["b"])]


def test_split_leaves_the_id_with_the_larger_part() -> None:
    store = Store()
    first = store.night([["a", "b", "c"]]).customer_of
    split = store.night([["a"], ["b", "c"]])
    assert split.customer_of["b"] == first["a"]
    assert actions(split) == [("split", split.customer_of["a"], first["a"])]
    # the smallest record names the id, and the name was taken: the counter makes another
    assert split.customer_of["a"] == fresh_id("a", {first["a"]})


def test_a_record_that_changes_sides_is_a_move() -> None:
    store = Store()
    first = store.night([["a", "b", "c"], ["x", "y"]]).customer_of
    moved = store.night([["a", "b"], ["c", "x", "y"]])
    assert actions(moved) == [("moved", first["x"], first["a"])]


def test_vanished_records_retire_an_id_and_bring_it_back() -> None:
    store = Store()
    first = store.night([["a"], ["b"]]).customer_of
    assert actions(store.night([["a"]])) == [("retired", first["b"], None)]
    back = store.night([["a"], ["b", "c"]])
    assert actions(back) == [("restored", first["b"], None)]
    assert back.customer_of["c"] == first["b"]


def test_redirects_are_followed_to_the_end() -> None:
    assert resolve_redirects({"a": "b", "b": "c", "x": "c"}) == {"a": "c", "b": "c", "x": "c"}


RECORDS = [f"r{number}" for number in range(8)]
PARTITIONS = st.lists(st.integers(-1, 4), min_size=len(RECORDS), max_size=len(RECORDS))


def grouped(labels: list[int]) -> list[list[str]]:
    """Records by label; -1 is a record that no source delivers that night."""
    groups: dict[int, list[str]] = {}
    for record, label in zip(RECORDS, labels, strict=True):
        if label >= 0:
            groups.setdefault(label, []).append(record)
    return list(groups.values())


@settings(max_examples=60, deadline=None)  # a busy machine must not fail a property
@given(st.lists(PARTITIONS, min_size=1, max_size=10), st.randoms(use_true_random=False))
def test_over_any_history_every_id_resolves_and_order_does_not_matter(
    nights: list[list[int]], draw: random.Random
) -> None:
    store, shuffled = Store(), Store()
    for labels in nights:
        clusters = grouped(labels)
        result = store.night(clusters)
        mixed = [draw.sample(members, len(members)) for members in draw.sample(clusters, len(clusters))]
        assert shuffled.night(mixed).customer_of == result.customer_of
        for members in clusters:
            assert len({result.customer_of[record] for record in members}) == 1
        assert len(set(result.customer_of.values())) == len(clusters)
        final = resolve_redirects(store.redirects)
        living = set(result.customer_of.values())
        for customer, status in store.status.items():
            end = final.get(customer, customer)
            assert (status == "live") == (customer in living)
            assert end in living or store.status[end] == "retired"
    assert store.night(grouped(nights[-1])).events == []
