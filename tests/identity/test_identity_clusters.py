"""Neighbourhoods and average linkage on weights small enough to check by hand."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.clusters import Edges, agglomerate, cluster, neighbourhoods


def edges(*triples: tuple[int, int, float]) -> Edges:
    left, right, weight = zip(*triples, strict=True) if triples else ((), (), ())
    return Edges(
        np.array(left, dtype=np.int64), np.array(right, dtype=np.int64), np.array(weight, dtype=np.float64)
    )


def test_a_chain_does_not_pull_two_people_together() -> None:
    # 0-1 and 1-2 agree, 0-2 contradict: joining {0, 1} with 2 averages (6 - 12) / 2 < 0
    weights = np.array([[0.0, 8.0, -12.0], [8.0, 0.0, 6.0], [-12.0, 6.0, 0.0]])
    assert agglomerate(weights, cut=0.0) == [[0, 1], [2]]


def test_one_doubtful_pair_does_not_keep_a_person_apart() -> None:
    weights = np.array([[0.0, 8.0, -2.0], [8.0, 0.0, 6.0], [-2.0, 6.0, 0.0]])
    assert agglomerate(weights, cut=0.0) == [[0, 1, 2]]


def test_decisions_are_obeyed_and_cannot_link_wins() -> None:
    agreeing = np.full((3, 3), 9.0)
    assert agglomerate(agreeing, cut=0.0, cannot=[(0, 2)]) == [[0, 1], [2]]
    against = np.full((3, 3), -9.0)
    assert agglomerate(against, cut=0.0, must=[(0, 2)]) == [[0, 2], [1]]
    assert agglomerate(against, cut=0.0, must=[(0, 1), (1, 2)], cannot=[(0, 2)]) == [[0, 1], [2]]


def test_neighbourhoods_that_are_too_large_are_split_at_their_weak_edges() -> None:
    chain = edges((0, 1, 9.0), (1, 2, 1.0), (2, 3, 9.0), (3, 4, 2.0), (4, 5, 9.0))
    assert neighbourhoods(chain, 7, largest=10).tolist() == [0, 0, 0, 0, 0, 0, 6]
    assert neighbourhoods(chain, 7, largest=4).tolist() == [0, 0, 2, 2, 2, 2, 6]


def test_equal_weights_cannot_hold_a_neighbourhood_above_its_size() -> None:
    star = edges(*((0, number, 5.0) for number in range(1, 50)))
    assert np.bincount(neighbourhoods(star, 50, largest=10)).max() <= 10


def test_no_edges_means_everyone_alone() -> None:
    assert neighbourhoods(edges(), 3, largest=5).tolist() == [0, 1, 2]
    assert cluster(edges(), np.arange(3), cut=0.0, missing=-12.0).tolist() == [0, 1, 2]


@settings(max_examples=60, deadline=None)  # a busy machine must not fail a property
@given(st.integers(2, 9), st.randoms(use_true_random=False))
def test_clusters_do_not_depend_on_the_order_of_edges(count: int, draw: random.Random) -> None:
    triples = [
        (i, j, draw.choice([-12.0, -3.0, 0.0, 4.0, 12.0])) for i in range(count) for j in range(i + 1, count)
    ]
    labels = np.zeros(count, dtype=np.int64)
    expected = cluster(edges(*triples), labels, cut=0.0, missing=-12.0).tolist()
    draw.shuffle(triples)
    assert cluster(edges(*triples), labels, cut=0.0, missing=-12.0).tolist() == expected
