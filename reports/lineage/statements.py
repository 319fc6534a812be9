"""Which columns of which tables each output column of one SQL statement is made of.

Only values count: what a row is joined, filtered or ordered by decides whether it is there, not what its columns say.
Which statements there are is read in `project.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from reports.lineage.errors import UnreadableModel

DIALECT = "duckdb"
ROWS = "*"  # the pseudo-column that stands for a table's rows: what count(*) counts

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


@dataclass(frozen=True, order=True, slots=True)
class Relation:
    """A table as SQL names it."""

    schema: str
    name: str


Origin = tuple[Relation, str]  # a column, or ROWS, of a table
Origins = dict[Origin, bool]  # what a value is made of → whether it is still readable in it


def read_statement(sql: str, schemas: Mapping[Relation, Iterable[str]]) -> dict[str, Origins]:
    """Output columns in order, each with what it is made of; nothing for a value that the statement itself states.

    `schemas` holds the columns of tables; one that is missing is taken to have the columns the statement reads.
    Names come back in lower case. Raises UnreadableModel with the parser's reason.
    """
    try:
        tree = qualify(
            parse_one(sql, dialect=DIALECT),
            dialect=DIALECT,
            schema=_nested(schemas),
            validate_qualify_columns=False,
            quote_identifiers=False,
        )
        scope = build_scope(tree)
    except SqlglotError as error:
        raise UnreadableModel(str(error).splitlines()[0]) from error
    if scope is None:
        raise UnreadableModel("it is no select")
    return _Reader().outputs(scope)


def _nested(schemas: Mapping[Relation, Iterable[str]]) -> dict[str, object]:
    nested: dict[str, dict[str, dict[str, str]]] = {}
    for relation, columns in schemas.items():
        nested.setdefault(relation.schema, {})[relation.name] = dict.fromkeys(columns, "unknown")
    return dict(nested)


class _Reader:
    """Walks the scopes of one statement, each once."""

    def __init__(self) -> None:
        self._known: dict[int, dict[str, Origins]] = {}

    def outputs(self, scope: Scope) -> dict[str, Origins]:
        if id(scope) not in self._known:
            self._known[id(scope)] = {}  # a recursive part contributes what its other branches do
            self._known[id(scope)] = self._read(scope)
        return self._known[id(scope)]

    def _read(self, scope: Scope) -> dict[str, Origins]:
        tree = scope.expression
        if isinstance(tree, exp.SetOperation):
            return self._united(scope)
        if isinstance(tree, exp.Select):
            return {
                projection.alias_or_name.lower(): self._origins(projection, scope)
                for projection in tree.selects
                if not _is_star(projection)
            }
        return {"": self._origins(tree, scope)}  # unnest and the like: whatever column is asked for

    def _united(self, scope: Scope) -> dict[str, Origins]:
        """A union's columns by place, or by name; from the first branch on, for there may be hundreds of them."""
        first, others = _branches(scope)
        united = self.outputs(first)
        for branch, by_name in others:
            added = self.outputs(branch)
            pairs = {name: name for name in united} if by_name else dict(zip(united, added, strict=False))
            left = {name: _merged(united[name], added.get(pairs.get(name, ""), {})) for name in united}
            united = left | ({name: added[name] for name in added if name not in left} if by_name else {})
        return united

    def _origins(self, projection: exp.Expr, scope: Scope) -> Origins:
        nested = {id(inner.expression): inner for inner in scope.subquery_scopes}
        found: Origins = {}
        counts_rows = False
        for node in projection.walk(prune=lambda node: id(node) in nested):
            if id(node) in nested:
                carried = _is_carried(node, projection)
                for origins in self.outputs(nested[id(node)]).values():
                    found = _merged(found, _through(origins, carried))
            elif isinstance(node, exp.Column):
                found = _merged(found, _through(self._column(node, scope), _is_carried(node, projection)))
            counts_rows = counts_rows or isinstance(node, exp.AggFunc | exp.Window)
        return found or (dict.fromkeys(_rows(scope), False) if counts_rows else {})

    def _column(self, column: exp.Column, scope: Scope) -> Origins:
        source = _source(column, scope)
        name = column.name.lower()
        if isinstance(source, exp.Table):
            return {(_relation(source), name): True} if _is_named(source) else {}
        if isinstance(source, Scope):
            outputs = self.outputs(source)
            return outputs.get(name, outputs.get("", {}))
        return {}  # the parameter of a lambda


def _source(column: exp.Column, scope: Scope | None) -> exp.Expr | Scope | None:
    """What a column's qualifier names, here or in a statement around this one."""
    while scope is not None:
        if not column.table and len(scope.selected_sources) == 1 and not _is_parameter(column):
            return next(iter(scope.selected_sources.values()))[1]
        if column.table in scope.sources:
            return scope.sources[column.table]
        scope = scope.parent
    return None


def _is_parameter(column: exp.Column) -> bool:
    around = column.find_ancestor(exp.Lambda)
    return around is not None and column.name in {name.name for name in around.expressions}


def _branches(scope: Scope) -> tuple[Scope, list[tuple[Scope, bool]]]:
    """The first branch of a union, and the further ones in order, each with whether it is united by name."""
    others: list[tuple[Scope, bool]] = []
    while isinstance(scope.expression, exp.SetOperation):
        left, right = scope.set_operation_scopes
        others.append((right, bool(scope.expression.args.get("by_name"))))
        scope = left
    return scope, others[::-1]


def _rows(scope: Scope) -> Iterator[Origin]:
    """The rows of the tables a scope reads, however deep."""
    first, others = _branches(scope)
    for branch in (first, *(other for other, _ in others)):
        for _, source in branch.selected_sources.values():
            if isinstance(source, Scope):
                yield from _rows(source)
            elif isinstance(source, exp.Table) and _is_named(source):
                yield _relation(source), ROWS


def _is_named(table: exp.Table) -> bool:
    """False for a function in the place of a table, such as a series of numbers: it holds nobody's data."""
    return isinstance(table.this, exp.Identifier)


def _relation(table: exp.Table) -> Relation:
    return Relation(table.db.lower(), table.name.lower())


def _is_star(projection: exp.Expr) -> bool:
    if projection.is_star and not isinstance(projection, exp.Count | exp.Alias):
        raise UnreadableModel(
            f"the columns of `{projection.sql(dialect=DIALECT)}` are not known; name them, or declare the source's columns"
        )
    return False


def _is_carried(node: exp.Expr, projection: exp.Expr) -> bool:
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


def _through(origins: Origins, carried: bool) -> Origins:
    return origins if carried else dict.fromkeys(origins, False)


def _merged(one: Origins, other: Origins) -> Origins:
    return {
        origin: one.get(origin, False) or other.get(origin, False) for origin in dict.fromkeys((*one, *other))
    }
