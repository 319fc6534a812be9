"""Groups of profiles linked by edges, small enough to compare every pair inside, and which of them tonight has stirred.

Arrays by profile number in and out; what happens inside a neighbourhood is decided in `clusters.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Ids = NDArray[np.int64]
Weights = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Edges:
    """Pairs of numbers (0 … n-1) with a weight in bits each; three arrays of one length."""

    left: Ids
    right: Ids
    weight: Weights

    def select(self, mask: Flags) -> Edges:
        return Edges(self.left[mask], self.right[mask], self.weight[mask])


def neighbourhoods(edges: Edges, count: int, *, largest: int, least: float, step: float = 1.0) -> Ids:
    """A neighbourhood label per number: the smallest number in it. Those without edges are alone.

    Neighbourhoods with more than `largest` members are split again over their edges of at least `least` + `step`,
    `least` + 2 `step` … bits until they fit. What becomes of one depends on nothing outside it. Edges of infinite
    weight are never given up.
    """
    labels = _components(edges, count)
    threshold = least
    while True:
        too_large = np.bincount(labels, minlength=count)[labels] > largest
        inside = too_large[edges.left]
        edges = edges.select(inside)
        if not np.isfinite(edges.weight).any():
            return labels
        threshold = max(threshold + step, _floor(edges.weight.min(), least, step))
        edges = edges.select(edges.weight >= threshold)
        members = np.flatnonzero(too_large)
        labels[members] = _components(edges, count)[members]


def stirred(now: Ids, before: Ids, is_present: Flags, is_changed: Flags) -> Flags:
    """The members of neighbourhoods that are not as they were.

    `now` and `before` are labels per number, `before` negative where there was none. A neighbourhood is as it was
    when it has the same members, none of them changed.
    """
    count = len(now)
    members = np.flatnonzero(is_present)
    label, old = now[members], before[members]
    first = np.full(count, count, dtype=np.int64)
    last = np.full(count, -1, dtype=np.int64)
    np.minimum.at(first, label, old)
    np.maximum.at(last, label, old)
    sizes = np.bincount(label, minlength=count)
    old_sizes = np.bincount(before[before >= 0], minlength=count)
    is_other = (first != last) | (first < 0)
    is_other |= sizes != old_sizes[np.clip(first, 0, count - 1)]
    is_other[now[is_changed]] = True
    members_stirred: Flags = is_present & is_other[now]
    return members_stirred


def _floor(lightest: float, least: float, step: float) -> float:
    """The threshold of the series just below the lightest edge: the ones before it would part nothing."""
    return least + step * np.floor((lightest - least) / step) if np.isfinite(lightest) else least


def _components(edges: Edges, count: int) -> Ids:
    graph = coo_matrix((np.ones(len(edges.left), dtype=np.int8), (edges.left, edges.right)), (count, count))
    _, component = connected_components(graph, directed=False)
    smallest = np.full(component.max(initial=-1) + 1, count, dtype=np.int64)
    np.minimum.at(smallest, component, np.arange(count))
    labels: Ids = smallest[component]
    return labels
