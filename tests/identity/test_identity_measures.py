"""The measures of a clustering against their definitions, worked out pair by pair and record by record."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.evaluation import measure
from identity.mistakes import over_merges

LABELLED = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12)


def _named(pairs: list[tuple[int, int]]) -> tuple[dict[str, str], dict[str, str]]:
    found = {f"r{n}": f"c{cluster}" for n, (cluster, _) in enumerate(pairs)}
    return found, {f"r{n}": f"p{person}" for n, (_, person) in enumerate(pairs)}


def test_b_cubed_of_an_example_worked_by_hand() -> None:
    # one cluster of three persons' five records (2 + 2 + 1), and one record of the first person alone
    truth = {"a": "1", "b": "1", "c": "2", "d": "2", "e": "3", "f": "1"}
    found = {**dict.fromkeys("abcde", "x"), "f": "y"}
    measured = measure(found, truth)
    assert measured["b_cubed_precision"] == pytest.approx((2 / 5 + 2 / 5 + 2 / 5 + 2 / 5 + 1 / 5 + 1) / 6)
    assert measured["b_cubed_recall"] == pytest.approx((2 / 3 + 2 / 3 + 1 + 1 + 1 + 1 / 3) / 6)
    assert measured["precision"] == pytest.approx(2 / 10)  # ab and cd of ten pairs
    assert measured["recall"] == pytest.approx(2 / 4)  # af and bf are missing
    assert measured["exact_cluster_rate"] == 0


@given(LABELLED)
@settings(max_examples=100, deadline=None)
def test_b_cubed_is_the_average_over_records_of_what_is_right_around_them(
    pairs: list[tuple[int, int]],
) -> None:
    found, truth = _named(pairs)
    precisions, recalls = [], []
    for record in found:
        cluster = {other for other in found if found[other] == found[record]}
        person = {other for other in truth if truth[other] == truth[record]}
        precisions.append(len(cluster & person) / len(cluster))
        recalls.append(len(cluster & person) / len(person))
    precision, recall = sum(precisions) / len(found), sum(recalls) / len(found)
    measured = measure(found, truth)
    assert measured["b_cubed_precision"] == pytest.approx(precision)
    assert measured["b_cubed_recall"] == pytest.approx(recall)
    assert measured["b_cubed_f1"] == pytest.approx(2 * precision * recall / (precision + recall))


@given(LABELLED)
@settings(max_examples=100, deadline=None)
def test_pairwise_measures_count_pairs(pairs: list[tuple[int, int]]) -> None:
    found, truth = _named(pairs)
    joined = {pair for pair in combinations(found, 2) if found[pair[0]] == found[pair[1]]}
    true = {pair for pair in combinations(found, 2) if truth[pair[0]] == truth[pair[1]]}
    measured = measure(found, truth)
    assert measured["precision"] == pytest.approx(len(joined & true) / len(joined) if joined else 1)
    assert measured["recall"] == pytest.approx(len(joined & true) / len(true) if true else 1)
    clusters, persons = _groups(found), _groups(truth)
    assert measured["exact_cluster_rate"] == pytest.approx(len(clusters & persons) / len(persons))
    assert measured["largest_cluster"] == max(map(len, clusters))


@given(LABELLED, st.randoms())
@settings(max_examples=40, deadline=None)
def test_names_of_clusters_and_order_of_records_do_not_matter(pairs: list[tuple[int, int]], draw) -> None:
    found, truth = _named(pairs)
    records = list(found)
    draw.shuffle(records)
    assert measure({record: found[record] + "x" for record in records}, truth) == pytest.approx(
        measure(found, truth)
    )


@given(LABELLED)
@settings(max_examples=40, deadline=None)
def test_every_customer_of_several_persons_is_listed_with_all_its_records(
    pairs: list[tuple[int, int]],
) -> None:
    found, truth = _named(pairs)
    listed = over_merges(found, truth)
    assert len(listed) == measure(found, truth)["over_merges"]
    assert [merge.strangers for merge in listed] == sorted((m.strangers for m in listed), reverse=True)
    for merge in listed:
        records = {record for of in merge.records_of.values() for record in of}
        assert records == {record for record in found if found[record] == merge.customer_id}
        assert all(truth[record] == person for person, of in merge.records_of.items() for record in of)


def _groups(labels: dict[str, str]) -> set[frozenset[str]]:
    return {frozenset(r for r in labels if labels[r] == label) for label in labels.values()}
