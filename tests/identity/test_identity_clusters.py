"""Neighbourhoods and average linkage on weights small enough to check by hand."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.clusters import Cuts, Pair, Parts, agglomerate, cluster
from identity.neighbourhoods import Edges, Weights, neighbourhoods, stirred


def edges(*triples: tuple[int, int, float]) -> Edges:
    left, right, weight = zip(*triples, strict=True) if triples else ((), (), ())
    return Edges(
        np.array(left, dtype=np.int64), np.array(right, dtype=np.int64), np.array(weight, dtype=np.float64)
    )


ONE_CUT = Cuts(0.0, 0.0, 0.0)


def parts(
    weights: Weights,
    *,
    by_size: float = 0.0,
    must: Sequence[Pair] = (),
    cannot: Sequence[Pair] = (),
    conflicts: Sequence[Pair] = (),
) -> Parts:
    """The clusters of the standard tier, cut at 0."""
    cuts = replace(ONE_CUT, by_size=by_size)
    return agglomerate(weights, cuts, must=must, cannot=cannot, conflicts=conflicts).standard


def test_a_chain_does_not_pull_two_people_together() -> None:
    # 0-1 and 1-2 agree, 0-2 contradict: joining {0, 1} with 2 averages (6 - 12) / 2 < 0
    weights = np.array([[0.0, 8.0, -12.0], [8.0, 0.0, 6.0], [-12.0, 6.0, 0.0]])
    assert parts(weights) == [[0, 1], [2]]


def test_one_doubtful_pair_does_not_keep_a_person_apart() -> None:
    weights = np.array([[0.0, 8.0, -2.0], [8.0, 0.0, 6.0], [-2.0, 6.0, 0.0]])
    assert parts(weights) == [[0, 1, 2]]


def test_larger_groups_must_agree_more() -> None:
    # 0.2 bits join two records, but not two groups of two: with more to agree on, agreeing so little speaks against it
    weights = np.array(
        [[0.0, 9.0, 0.2, 0.2], [9.0, 0.0, 0.2, 0.2], [0.2, 0.2, 0.0, 9.0], [0.2, 0.2, 9.0, 0.0]]
    )
    assert parts(weights[1:3, 1:3], by_size=0.25) == [[0, 1]]
    assert parts(weights, by_size=0.25) == [[0, 1], [2, 3]]
    assert parts(weights) == [[0, 1, 2, 3]]


def test_decisions_are_obeyed_and_cannot_link_wins() -> None:
    agreeing = np.full((3, 3), 9.0)
    assert parts(agreeing, cannot=[(0, 2)]) == [[0, 1], [2]]
    against = np.full((3, 3), -9.0)
    assert parts(against, must=[(0, 2)]) == [[0, 2], [1]]
    assert parts(against, must=[(0, 1), (1, 2)], cannot=[(0, 2)]) == [[0, 1], [2]]


def test_neighbourhoods_that_are_too_large_are_split_at_their_weak_edges() -> None:
    chain = edges((0, 1, 9.0), (1, 2, 1.0), (2, 3, 9.0), (3, 4, 2.0), (4, 5, 9.0))
    assert neighbourhoods(chain, 7, largest=10, least=0.0).tolist() == [0, 0, 0, 0, 0, 0, 6]
    assert neighbourhoods(chain, 7, largest=4, least=0.0).tolist() == [0, 0, 2, 2, 2, 2, 6]


def test_equal_weights_cannot_hold_a_neighbourhood_above_its_size() -> None:
    star = edges(*((0, number, 5.0) for number in range(1, 50)))
    assert np.bincount(neighbourhoods(star, 50, largest=10, least=0.0)).max() <= 10


def test_a_neighbourhood_is_split_the_same_whatever_lies_outside_it() -> None:
    alone = neighbourhoods(edges((0, 1, 9.5), (1, 2, 4.2)), 8, largest=2, least=-2.0)
    weak = ((3, 4, -1.7), (4, 5, 3.0), (5, 6, 0.5))
    among = neighbourhoods(edges((0, 1, 9.5), (1, 2, 4.2), *weak), 8, largest=2, least=-2.0)
    assert alone[:3].tolist() == among[:3].tolist() == [0, 0, 2]


def test_what_people_joined_stays_in_one_neighbourhood() -> None:
    joined = edges((0, 1, float("inf")), (1, 2, float("inf")), (2, 3, 5.0))
    assert neighbourhoods(joined, 4, largest=2, least=0.0).tolist() == [0, 0, 0, 3]


def test_only_neighbourhoods_that_changed_have_stirred() -> None:
    before = np.array([0, 0, 2, 2, 2, 5, -1, -1])
    now = np.array([0, 0, 2, 2, 4, 5, 6, 7])  # 4 left, 5 changed inside, 6 is new, 7 is not there
    is_present = np.array([True] * 7 + [False])
    is_changed = np.array([False] * 5 + [True, True, False])
    assert np.flatnonzero(stirred(now, before, is_present, is_changed)).tolist() == [2, 3, 4, 5, 6]


def test_a_neighbourhood_that_lost_a_member_has_stirred() -> None:
    before, now = np.array([0, 0, 0]), np.array([0, 0, 2])
    is_present = np.array([True, True, False])
    assert stirred(now, before, is_present, np.zeros(3, dtype=np.bool_)).tolist() == [True, True, False]


def test_conflicts_hold_for_whole_clusters_and_only_people_overrule_them() -> None:
    agreeing = np.array([[0.0, 12.0, -1.0], [12.0, 0.0, 12.0], [-1.0, 12.0, 0.0]])
    assert parts(agreeing) == [[0, 1, 2]]
    assert parts(agreeing, conflicts=[(0, 2)]) == [[0, 1], [2]]
    assert parts(agreeing, conflicts=[(0, 2)], must=[(0, 2)]) == [[0, 1, 2]]
    assert parts(agreeing, cannot=[(0, 2)], must=[(0, 2)]) == [[0, 1], [2]]


def test_no_edges_means_everyone_alone() -> None:
    assert neighbourhoods(edges(), 3, largest=5, least=0.0).tolist() == [0, 1, 2]
    assert cluster(edges(), np.arange(3), cuts=ONE_CUT, missing=-12.0).standard.tolist() == [0, 1, 2]


@settings(max_examples=60, deadline=None)  # a busy machine must not fail a property
@given(st.integers(2, 9), st.randoms(use_true_random=False))
def test_clusters_do_not_depend_on_the_order_of_edges(count: int, draw: random.Random) -> None:
    triples = [
        (i, j, draw.choice([-12.0, -3.0, 0.0, 4.0, 12.0])) for i in range(count) for j in range(i + 1, count)
    ]
    labels = np.zeros(count, dtype=np.int64)
    expected = cluster(edges(*triples), labels, cuts=ONE_CUT, missing=-12.0).standard.tolist()
    draw.shuffle(triples)
    assert cluster(edges(*triples), labels, cuts=ONE_CUT, missing=-12.0).standard.tolist() == expected


def test_tiers_are_three_moments_of_one_sequence_of_joins() -> None:
    weights = np.array([[0.0, 8.0, -12.0], [8.0, 0.0, 6.0], [-12.0, 6.0, 0.0]])
    pair, neighbour = weights[:2, :2], weights - 6.0
    assert agglomerate(pair, Cuts(4.0, 0.0, -2.0)) == ([[0, 1]], [[0, 1]], [[0, 1]])
    assert agglomerate(neighbour, Cuts(4.0, 0.0, -12.0)) == ([[0], [1], [2]], [[0, 1], [2]], [[0, 1, 2]])


def test_what_people_decided_is_certain_in_every_tier_where_it_was_obeyed() -> None:
    doubtful = np.array([[0.0, 1.0, 9.0], [1.0, 0.0, 1.0], [9.0, 1.0, 0.0]])
    cuts = Cuts(4.0, 0.0, -2.0)
    assert agglomerate(doubtful, cuts, must=[(0, 1)]).strict == [[0, 1, 2]]
    assert agglomerate(doubtful, cuts, must=[(0, 1)], cannot=[(1, 2)]).strict == [[0, 2], [1]]


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 9), st.randoms(use_true_random=False))
def test_tiers_nest_whatever_the_weights_and_decisions(count: int, draw: random.Random) -> None:
    weights = np.zeros((count, count))
    for i in range(count):
        for j in range(i):
            weights[i, j] = weights[j, i] = draw.choice([-12.0, -1.0, 0.5, 2.0, 5.0, 12.0])
    must, cannot, conflicts = (
        [(draw.randrange(count), draw.randrange(count)) for _ in range(draw.randint(0, 2))] for _ in range(3)
    )
    cannot = [pair for pair in cannot if pair[0] != pair[1]]
    conflicts = [pair for pair in conflicts if pair[0] != pair[1]]
    cuts = Cuts(4.0, 0.0, -1.5, by_size=0.2)
    tiers = agglomerate(weights, cuts, must=must, cannot=cannot, conflicts=conflicts)
    for parts_of in tiers:
        assert sorted(position for part in parts_of for position in part) == list(range(count))
        assert not any({*pair} <= {*part} for pair in cannot for part in parts_of)
    for fine, coarse in itertools.pairwise(tiers):
        assert all(any({*part} <= {*whole} for whole in coarse) for part in fine)
    alone = Cuts(cuts.standard, cuts.standard, cuts.standard, by_size=0.2)
    assert (
        tiers.standard == agglomerate(weights, alone, must=must, cannot=cannot, conflicts=conflicts).standard
    )
