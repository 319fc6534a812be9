"""Whether a value can still be read in the result of an expression: what compares, counts, computes or hashes hides it.

Which columns stand in an expression is read in `statements.py`.
"""

from __future__ import annotations

from sqlglot import exp

# In the result of these a value cannot be read any more: what compares, counts, computes, ranks or hashes.
_HIDING = (
    exp.Predicate,
    exp.Connector,
    exp.Not,
    exp.Binary,
    exp.AggFunc,
    exp.Ordered,
    exp.MD5,
    exp.MD5Digest,
    exp.SHA,
    exp.SHA2,
    exp.Length,
    exp.RegexpLike,
    exp.DateDiff,
    exp.RowNumber,
)
_HIDING_NAMES = {
    "hash",
    "strlen",
    "regexp_matches",
    "jaro_winkler_similarity",
}  # of functions the parser has no class for
# These are among them by their class, and hand a value on all the same.
_CARRYING = (
    exp.Dot,
    exp.DPipe,
    exp.Max,
    exp.Min,
    exp.AnyValue,
    exp.First,
    exp.Last,
    exp.FirstValue,
    exp.LastValue,
    exp.Lag,
    exp.Lead,
    exp.ArrayAgg,
    exp.GroupConcat,
    exp.JSONExtract,
    exp.JSONExtractScalar,
)
# Through these only what stands in that place is handed on.
_PLACES = {
    exp.If: ("true", "false"),
    exp.Case: ("ifs", "default"),
    exp.Window: ("this",),
    exp.Filter: ("this",),
    exp.ArgMax: ("this",),
    exp.ArgMin: ("this",),
    exp.Nullif: ("this",),
    exp.RegexpReplace: ("this",),
    exp.Order: ("this",),
}


def is_carried(node: exp.Expr, projection: exp.Expr) -> bool:
    """Whether the node's value can be read in the projection's."""
    while node is not projection:
        parent = node.parent
        if parent is None or not _carries(parent, node):
            return False
        node = parent
    return True


def _carries(parent: exp.Expr, child: exp.Expr) -> bool:
    for kind, places in _PLACES.items():
        if isinstance(parent, kind):
            return child.arg_key in places
    if isinstance(parent, exp.Anonymous) and parent.name.lower() in _HIDING_NAMES:
        return False
    return isinstance(parent, _CARRYING) or not isinstance(parent, _HIDING)
