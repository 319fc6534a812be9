"""Groups profiles into people: average-linkage agglomeration inside each neighbourhood, held back by conflicts.

Pure functions over numbers and weights; where weights come from and what ids a group gets is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from identity.neighbourhoods import Edges, Flags, Ids, Weights

Pair = tuple[int, int]
Parts = list[list[int]]
Grouping = TypeVar("Grouping")


@dataclass(frozen=True)
class Cuts:
    """The average weight, in bits, above which two clusters join, per tier of confidence, strictest first, and how
    much more is asked for each doubling of the smaller of the two."""

    strict: float
    standard: float
    loose: float
    by_size: float = 0.0


class Tiers(NamedTuple, Generic[Grouping]):
    """One grouping per tier of confidence; every strict group lies in one standard group, every standard one in one loose."""

    strict: Grouping
    standard: Grouping
    loose: Grouping


def cluster(
    edges: Edges,
    labels: Ids,
    *,
    cuts: Cuts,
    missing: float,
    must: Iterable[Pair] = (),
    cannot: Iterable[Pair] = (),
    conflicts: Iterable[Pair] = (),
) -> Tiers[Ids]:
    """A cluster label per number (the smallest in the cluster), in each tier.

    `edges` holds the weights inside neighbourhoods (`labels`); pairs without one count as `missing`. How the members
    of a neighbourhood are grouped is said at `agglomerate`.
    """
    result = Tiers(labels.copy(), labels.copy(), labels.copy())
    if not len(labels):
        return result
    decided = [_by_label(pairs, labels) for pairs in (must, cannot, conflicts)]
    hard = _hard_labels(edges, labels, cuts).union(*decided)
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.r_[True, labels[order][1:] != labels[order][:-1]])
    members = dict(zip(labels[order][starts].tolist(), np.split(order, starts[1:]), strict=True))
    for label, (left, right, weight) in _edges_of(edges, labels, hard):
        ids = members[label]
        matrix = np.full((len(ids), len(ids)), missing)
        rows, columns = np.searchsorted(ids, left), np.searchsorted(ids, right)
        matrix[rows, columns] = matrix[columns, rows] = weight
        must_here, cannot_here, conflicts_here = (_positions(of.get(label, ()), ids) for of in decided)
        found = agglomerate(matrix, cuts, must=must_here, cannot=cannot_here, conflicts=conflicts_here)
        for tier, parts in zip(result, found, strict=True):
            for part in parts:
                tier[ids[part]] = ids[part[0]]
    return result


def agglomerate(
    weights: Weights,
    cuts: Cuts,
    *,
    must: Sequence[Pair] = (),
    cannot: Sequence[Pair] = (),
    conflicts: Sequence[Pair] = (),
) -> Tiers[Parts]:
    """Average-linkage clusters of a full symmetric weight matrix, as sorted lists of positions, in order, per tier.

    The best two clusters join, ties to the smaller positions, while the average weight between them is above the cut;
    no cluster comes to hold a pair of `conflicts` or `cannot` that way. Then the clusters of each pair in `must` join:
    that people decided so outweighs a conflict, but not a pair in `cannot`. The tiers are three moments of this one
    sequence of joins, which is why they nest. Sums are kept per pair of clusters (Lance and Williams's update for
    averages), so a join costs O(n).
    """
    count = len(weights)
    forbidden = _symmetric(cannot, count)
    blocked = np.eye(count, dtype=np.bool_) | forbidden | _symmetric(conflicts, count)
    parts = [[position] for position in range(count)]
    state = _State(weights.astype(np.float64).copy(), blocked, forbidden, np.ones(count), parts)
    _join_while_better(state, cuts.strict, cuts.by_size)
    strict = [[*part] for part in state.parts]
    _join_while_better(state, cuts.standard, cuts.by_size)
    for i, j in must:
        a, b = sorted((_holder(state.parts, i), _holder(state.parts, j)))
        if a != b and not state.forbidden[a, b]:
            _join(state, a, b)
    if must:
        _join_while_better(state, cuts.standard, cuts.by_size)
        _join_decided(strict, state.parts, must)
    standard = [[*part] for part in state.parts if part]
    _join_while_better(state, cuts.loose, cuts.by_size)
    return Tiers(sorted(part for part in strict if part), standard, [part for part in state.parts if part])


def _join_decided(strict: Parts, standard: Parts, must: Sequence[Pair]) -> None:
    """What people decided is certain: it holds in the strictest tier too, as far as it was obeyed."""
    for i, j in must:
        a, b = _holder(strict, i), _holder(strict, j)
        if a != b and _holder(standard, i) == _holder(standard, j):
            strict[a] = sorted(strict[a] + strict[b])
            strict[b] = []


@dataclass
class _State:
    """Clusters in the making: sums of weights between them, pairs that may not join (by evidence or by decision,
    by decision alone), sizes and members."""

    sums: Weights
    blocked: Flags
    forbidden: Flags
    sizes: Weights
    parts: Parts


def _join_while_better(state: _State, cut: float, size_cut: float) -> None:
    while True:
        averages = state.sums / np.outer(state.sizes, state.sizes)
        averages -= size_cut * np.log2(np.minimum.outer(state.sizes, state.sizes))
        averages[state.blocked] = -np.inf
        best = int(np.argmax(averages))  # the first of equals: smallest positions, hence smallest ids
        a, b = divmod(best, len(averages))
        if averages[a, b] <= cut + 1e-9:
            return
        _join(state, min(a, b), max(a, b))


def _join(state: _State, a: int, b: int) -> None:
    matrices = ((state.sums, np.add), (state.blocked, np.logical_or), (state.forbidden, np.logical_or))
    for matrix, combine in matrices:
        combine(matrix[a], matrix[b], out=matrix[a])
        combine(matrix[:, a], matrix[:, b], out=matrix[:, a])
    state.blocked[b] = state.blocked[:, b] = True
    state.sizes[a] += state.sizes[b]
    state.parts[a] = sorted(state.parts[a] + state.parts[b])
    state.parts[b] = []


def _symmetric(pairs: Sequence[Pair], count: int) -> Flags:
    matrix = np.zeros((count, count), dtype=np.bool_)
    for i, j in pairs:
        matrix[i, j] = matrix[j, i] = True
    return matrix


def _holder(parts: Parts, position: int) -> int:
    return next(index for index, part in enumerate(parts) if position in part)


def _hard_labels(edges: Edges, labels: Ids, cuts: Cuts) -> set[int]:
    """Neighbourhoods that need agglomeration: those with a pair that would not join any two halves, or lacks a weight."""
    sizes = np.bincount(labels, minlength=len(labels))
    label = labels[edges.left]
    needed = cuts.strict + cuts.by_size * np.log2(np.maximum(sizes[label] / 2, 1)) + 1e-9
    against = set(label[edges.weight <= needed].tolist())
    found = np.bincount(label, minlength=len(labels))
    incomplete = np.flatnonzero(found < sizes * (sizes - 1) // 2)
    return against | set(incomplete.tolist())


def _edges_of(edges: Edges, labels: Ids, wanted: set[int]) -> Iterable[tuple[int, tuple[Ids, Ids, Weights]]]:
    label = labels[edges.left]
    mask = np.isin(label, np.fromiter(wanted, dtype=np.int64, count=len(wanted)))
    label, chosen = label[mask], edges.select(mask)
    order = np.argsort(label, kind="stable")
    label = label[order]
    starts = (
        np.flatnonzero(np.r_[True, label[1:] != label[:-1]]) if len(label) else np.array([], dtype=np.int64)
    )
    for start, end in zip(starts, np.r_[starts[1:], len(label)].astype(np.int64), strict=False):
        piece = order[start:end]
        yield int(label[start]), (chosen.left[piece], chosen.right[piece], chosen.weight[piece])


def _by_label(pairs: Iterable[Pair], labels: Ids) -> dict[int, list[Pair]]:
    grouped: dict[int, list[Pair]] = {}
    for left, right in pairs:
        if labels[left] == labels[right]:
            grouped.setdefault(int(labels[left]), []).append((left, right))
    return grouped


def _positions(pairs: Iterable[Pair], ids: Ids) -> list[Pair]:
    return [(int(np.searchsorted(ids, left)), int(np.searchsorted(ids, right))) for left, right in pairs]
