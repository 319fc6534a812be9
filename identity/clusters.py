"""Groups profiles into people: average-linkage agglomeration inside each neighbourhood, held back by conflicts.

Pure functions over numbers and weights; where weights come from and what ids a group gets is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from identity.neighbourhoods import Edges, Flags, Ids, Weights

Pair = tuple[int, int]


def cluster(
    edges: Edges,
    labels: Ids,
    *,
    cut: float,
    missing: float,
    size_cut: float = 0.0,
    must: Iterable[Pair] = (),
    cannot: Iterable[Pair] = (),
    conflicts: Iterable[Pair] = (),
) -> Ids:
    """A cluster label per number (the smallest in the cluster).

    `edges` holds the weights inside neighbourhoods (`labels`); pairs without one count as `missing`. Two clusters
    join while the average weight of the pairs between them is above `cut`, and above `size_cut` more for each doubling
    of the smaller of the two, best pair of clusters first; ties go to the smaller numbers. A cluster never holds a pair of `conflicts` or `cannot` that way. Then the clusters of each
    pair in `must` join: that people decided so outweighs a conflict, but not a pair in `cannot`.
    """
    result = labels.copy()
    if not len(labels):
        return result
    decided = [_by_label(pairs, labels) for pairs in (must, cannot, conflicts)]
    hard = _hard_labels(edges, labels, cut, size_cut).union(*decided)
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.r_[True, labels[order][1:] != labels[order][:-1]])
    members = dict(zip(labels[order][starts].tolist(), np.split(order, starts[1:]), strict=True))
    for label, (left, right, weight) in _edges_of(edges, labels, hard):
        ids = members[label]
        matrix = np.full((len(ids), len(ids)), missing)
        rows, columns = np.searchsorted(ids, left), np.searchsorted(ids, right)
        matrix[rows, columns] = matrix[columns, rows] = weight
        must_here, cannot_here, conflicts_here = (_positions(of.get(label, ()), ids) for of in decided)
        parts = agglomerate(
            matrix, cut=cut, size_cut=size_cut, must=must_here, cannot=cannot_here, conflicts=conflicts_here
        )
        for part in parts:
            result[ids[part]] = ids[part[0]]
    return result


def agglomerate(
    weights: Weights,
    *,
    cut: float,
    size_cut: float = 0.0,
    must: Sequence[Pair] = (),
    cannot: Sequence[Pair] = (),
    conflicts: Sequence[Pair] = (),
) -> list[list[int]]:
    """Average-linkage clusters of a full symmetric weight matrix, as sorted lists of positions, in order.

    Sums are kept per pair of clusters (Lance and Williams's update for averages), so a join costs O(n).
    """
    count = len(weights)
    forbidden = _symmetric(cannot, count)
    blocked = np.eye(count, dtype=np.bool_) | forbidden | _symmetric(conflicts, count)
    parts = [[position] for position in range(count)]
    state = _State(weights.astype(np.float64).copy(), blocked, forbidden, np.ones(count), parts)
    _join_while_better(state, cut, size_cut)
    for i, j in must:
        a, b = sorted((_holder(state.parts, i), _holder(state.parts, j)))
        if a != b and not state.forbidden[a, b]:
            _join(state, a, b)
    if must:
        _join_while_better(state, cut, size_cut)
    return [part for part in state.parts if part]


@dataclass
class _State:
    """Clusters in the making: sums of weights between them, pairs that may not join (by evidence or by decision,
    by decision alone), sizes and members."""

    sums: Weights
    blocked: Flags
    forbidden: Flags
    sizes: Weights
    parts: list[list[int]]


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


def _holder(parts: list[list[int]], position: int) -> int:
    return next(index for index, part in enumerate(parts) if position in part)


def _hard_labels(edges: Edges, labels: Ids, cut: float, size_cut: float) -> set[int]:
    """Neighbourhoods that need agglomeration: those with a pair that would not join any two halves, or lacks a weight."""
    sizes = np.bincount(labels, minlength=len(labels))
    label = labels[edges.left]
    needed = cut + size_cut * np.log2(np.maximum(sizes[label] / 2, 1)) + 1e-9
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
