"""Groups records into people: neighbourhoods of linked records, and average-linkage agglomeration inside each.

Pure functions over ids and weights; where weights come from and what ids a group gets is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Ids = NDArray[np.int64]
Weights = NDArray[np.float64]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Edges:
    """Pairs of record ids (0 … n-1) with a weight in bits each; three arrays of one length."""

    left: Ids
    right: Ids
    weight: Weights

    def select(self, mask: NDArray[np.bool_]) -> Edges:
        return Edges(self.left[mask], self.right[mask], self.weight[mask])


def neighbourhoods(edges: Edges, record_count: int, *, largest: int, step: float = 1.0) -> Ids:
    """A neighbourhood label per record: the smallest id in it. Records without edges are alone.

    Neighbourhoods with more than `largest` records are split again over their heavier edges, at thresholds that
    rise by `step` bits, until they fit.
    """
    labels = _components(edges, record_count)
    threshold = float(edges.weight.min()) if len(edges.weight) else 0.0
    while True:
        sizes = np.bincount(labels, minlength=record_count)
        too_large = sizes[labels] > largest
        if not too_large.any():
            return labels
        inside = too_large[edges.left]
        if not inside.any():
            return labels
        threshold = max(threshold + step, float(edges.weight[inside].min()) + 1e-9)
        edges = edges.select(~inside | (edges.weight >= threshold))
        labels = _components(edges, record_count)


def cluster(
    edges: Edges,
    labels: Ids,
    *,
    cut: float,
    missing: float,
    must: Iterable[Pair] = (),
    cannot: Iterable[Pair] = (),
) -> Ids:
    """A cluster label per record (the smallest id in the cluster).

    `edges` holds the weights inside neighbourhoods (`labels`); pairs without one count as `missing`. Two clusters
    join while the average weight of the pairs between them is above `cut`, best pair of clusters first; ties go to
    the smaller ids. Then the clusters of each pair in `must` join; clusters holding a pair in `cannot` never do.
    """
    result = labels.copy()
    if not len(labels):
        return result
    must_of, cannot_of = _by_label(must, labels), _by_label(cannot, labels)
    hard = _hard_labels(edges, labels, cut) | must_of.keys() | cannot_of.keys()
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.r_[True, labels[order][1:] != labels[order][:-1]])
    members = dict(zip(labels[order][starts].tolist(), np.split(order, starts[1:]), strict=True))
    for label, (left, right, weight) in _edges_of(edges, labels, hard):
        ids = members[label]
        matrix = np.full((len(ids), len(ids)), missing)
        rows, columns = np.searchsorted(ids, left), np.searchsorted(ids, right)
        matrix[rows, columns] = matrix[columns, rows] = weight
        parts = agglomerate(
            matrix,
            cut=cut,
            must=_positions(must_of.get(label, ()), ids),
            cannot=_positions(cannot_of.get(label, ()), ids),
        )
        for part in parts:
            result[ids[part]] = ids[part[0]]
    return result


def agglomerate(
    weights: Weights, *, cut: float, must: Sequence[Pair] = (), cannot: Sequence[Pair] = ()
) -> list[list[int]]:
    """Average-linkage clusters of a full symmetric weight matrix, as sorted lists of positions, in order.

    Sums are kept per pair of clusters (Lance and Williams's update for averages), so a join costs O(n).
    """
    count = len(weights)
    sums = weights.astype(np.float64).copy()
    blocked = np.eye(count, dtype=np.bool_)
    for i, j in cannot:
        blocked[i, j] = blocked[j, i] = True
    state = _State(sums, blocked, np.ones(count), [[position] for position in range(count)])
    _join_while_better(state, cut)
    for i, j in must:
        a, b = sorted((_holder(state.parts, i), _holder(state.parts, j)))
        if a != b and not state.blocked[a, b]:
            _join(state, a, b)
    if must:
        _join_while_better(state, cut)
    return [part for part in state.parts if part]


@dataclass
class _State:
    """Clusters in the making: sums of weights between them, pairs that may not join, sizes and members."""

    sums: Weights
    blocked: NDArray[np.bool_]
    sizes: Weights
    parts: list[list[int]]


def _join_while_better(state: _State, cut: float) -> None:
    while True:
        averages = np.where(state.blocked, -np.inf, state.sums / np.outer(state.sizes, state.sizes))
        best = int(np.argmax(averages))  # the first of equals: smallest positions, hence smallest ids
        a, b = divmod(best, len(averages))
        if averages[a, b] <= cut + 1e-9:
            return
        _join(state, min(a, b), max(a, b))


def _join(state: _State, a: int, b: int) -> None:
    for matrix, combine in ((state.sums, np.add), (state.blocked, np.logical_or)):
        combine(matrix[a], matrix[b], out=matrix[a])
        combine(matrix[:, a], matrix[:, b], out=matrix[:, a])
    state.blocked[b] = state.blocked[:, b] = True
    state.sizes[a] += state.sizes[b]
    state.parts[a] = sorted(state.parts[a] + state.parts[b])
    state.parts[b] = []


def _holder(parts: list[list[int]], position: int) -> int:
    return next(index for index, part in enumerate(parts) if position in part)


def _components(edges: Edges, record_count: int) -> Ids:
    graph = coo_matrix(
        (np.ones(len(edges.left), dtype=np.int8), (edges.left, edges.right)), (record_count, record_count)
    )
    _, component = connected_components(graph, directed=False)
    smallest = np.full(component.max(initial=-1) + 1, record_count, dtype=np.int64)
    np.minimum.at(smallest, component, np.arange(record_count))
    labels: Ids = smallest[component]
    return labels


def _hard_labels(edges: Edges, labels: Ids, cut: float) -> set[int]:
    """Neighbourhoods that need agglomeration: those with a pair that does not speak for joining, or lacks a weight."""
    against = set(labels[edges.left[edges.weight <= cut]].tolist())
    sizes = np.bincount(labels, minlength=len(labels))
    found = np.bincount(labels[edges.left], minlength=len(labels))
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
