"""Which columns of which tables each output column of one SQL statement is made of.

Only values count: what a row is joined, filtered or ordered by decides whether it is there, not what its columns say.
Where a reader takes only some rows of a long table (`conditions.py`), only what these are made of counts. Which
statements there are is read in `project.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from reports.lineage import conditions
from reports.lineage.conditions import Condition, Rows
from reports.lineage.errors import UnreadableModel
from reports.lineage.readability import is_carried

DIALECT = "duckdb"
ROWS = "*"  # the pseudo-column that stands for a table's rows: what count(*) counts


@dataclass(frozen=True, order=True, slots=True)
class Relation:
    """A table as SQL names it."""

    schema: str
    name: str


Origin = tuple[Relation, str, Rows]  # a column, or ROWS, of a table or of some of its rows
Origins = dict[Origin, bool]  # what a value is made of → whether it is still readable in it


def read_statement(sql: str, schemas: Mapping[Relation, Iterable[str]]) -> Statement:
    """`schemas` holds the columns of tables; one that is missing is taken to have the columns the statement reads.

    Raises UnreadableModel with the parser's reason.
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
    return Statement(scope)


def _nested(schemas: Mapping[Relation, Iterable[str]]) -> dict[str, object]:
    nested: dict[str, dict[str, dict[str, str]]] = {}
    for relation, columns in schemas.items():
        nested.setdefault(relation.schema, {})[relation.name] = dict.fromkeys(columns, "unknown")
    return dict(nested)


class Statement:
    """Walks the scopes of one statement, each once for the rows that are asked for."""

    def __init__(self, scope: Scope) -> None:
        self._whole = scope
        self._known: dict[tuple[int, Rows], dict[str, Origins]] = {}
        self._begun: set[tuple[int, Rows]] = set()  # being read: of a recursive part nothing is known yet

    def outputs(self, rows: Rows = ()) -> dict[str, Origins]:
        """Output columns in order, each with what it is made of in `rows`; nothing for what the statement itself states.

        Names are in lower case; none are given where there are no such rows. Raises UnreadableModel for a star whose
        columns are not known.
        """
        return self._outputs(self._whole, rows)

    def _outputs(self, scope: Scope, rows: Rows = ()) -> dict[str, Origins]:
        place = (id(scope), rows)
        if place not in self._known:
            self._known[place] = {}  # a recursive part contributes what its other branches do
            self._begun.add(place)
            self._known[place] = self._read(scope, rows)
            self._begun.discard(place)
        return self._known[place]

    def _read(self, scope: Scope, rows: Rows) -> dict[str, Origins]:
        tree = scope.expression
        if isinstance(tree, exp.SetOperation):
            return self._united(scope, rows)
        if not isinstance(tree, exp.Select):
            if isinstance(tree, exp.Values) and not conditions.is_among(tree, rows):
                return {}
            # unnest and the like: whatever column is asked for
            return {"": self._origins(tree, scope, [], [])}
        _refuse_unknown_stars(tree)
        outputs = dict(zip(_names(scope), tree.selects, strict=True))
        asked = conditions.of_outputs(outputs, rows)
        if asked is None:
            return {}
        stated = conditions.of_select(tree)
        if rows and self._reads_no_row(scope, [*stated, *asked]):
            return {}
        return {name: self._origins(each, scope, stated, asked) for name, each in outputs.items()}

    def _reads_no_row(self, scope: Scope, holding: list[Condition]) -> bool:
        """True where a part that each row is made with has none of the rows that are asked of it."""
        for name, source in _required_sources(scope):
            rows = conditions.rows_of(name, holding)
            if rows and isinstance(source, Scope) and not self._outputs(source, rows):
                return (id(source), rows) not in self._begun
        return False

    def _united(self, scope: Scope, rows: Rows) -> dict[str, Origins]:
        """A union's columns by place, or by name; from the first branch on, for there may be hundreds of them."""
        first, others = _branches(scope)
        names = _names(first)
        united = dict(self._outputs(first, rows))
        for branch, by_name in others:
            there = names if by_name else _names(branch)
            into, out_of = dict(zip(there, names, strict=False)), dict(zip(names, there, strict=False))
            asked = tuple(sorted((out_of.get(name, name), text) for name, text in rows))
            for name, origins in self._outputs(branch, asked).items():
                united[into.get(name, name)] = _merged(united.get(into.get(name, name), {}), origins)
        return united

    def _origins(
        self, projection: exp.Expr, scope: Scope, stated: list[Condition], asked: list[Condition]
    ) -> Origins:
        """`stated` holds for every row that is read, `asked` for the rows of the result: a window sees beyond these."""
        nested = {id(inner.expression): inner for inner in scope.subquery_scopes}
        found: Origins = {}
        counts_rows = False
        for node in projection.walk(prune=lambda node: id(node) in nested or _only_places(node)):
            if _only_places(node):
                made = []
            elif id(node) in nested:
                made = [*self._outputs(nested[id(node)]).values()]
            elif isinstance(node, exp.Column):
                made = [self._column(node, scope, stated, asked, projection)]
            else:
                made = []
            for origins in made:
                found = _merged(found, _through(origins, is_carried(node, projection)))
            counts_rows = counts_rows or isinstance(node, exp.AggFunc | exp.Window)
        return found or (dict.fromkeys(_rows(scope), False) if counts_rows else {})

    def _column(
        self,
        column: exp.Column,
        scope: Scope,
        stated: list[Condition],
        asked: list[Condition],
        projection: exp.Expr,
    ) -> Origins:
        holding = [*stated, *conditions.around(column, projection)]
        if isinstance(scope.expression, exp.Select):
            holding += conditions.in_sight(column, scope.expression, asked)
        if not conditions.agree(holding):
            return {}
        rows = conditions.rows_of(column.table, holding)
        source = _source(column, scope)
        name = column.name.lower()
        if isinstance(source, exp.Table):
            return {(_relation(source), name, rows): True} if _is_named(source) else {}
        if isinstance(source, Scope):
            outputs = self._outputs(source, rows)
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


def _names(scope: Scope) -> list[str]:
    """Of the output columns in order; one that is there twice, as only in a further branch of a union, is numbered."""
    names: list[str] = []
    for name in scope.expression.named_selects if isinstance(scope.expression, exp.Query) else ():
        name = name.lower()
        names.append(f"{name}:{len(names)}" if name in names else name)
    return names


def _rows(scope: Scope) -> Iterator[Origin]:
    """The rows of the tables a scope reads, however deep."""
    first, others = _branches(scope)
    for branch in (first, *(other for other, _ in others)):
        for _, source in _required_sources(branch):
            if isinstance(source, Scope):
                yield from _rows(source)
            elif isinstance(source, exp.Table) and _is_named(source):
                yield _relation(source), ROWS, ()


def _required_sources(scope: Scope) -> Iterator[tuple[str, exp.Expr | Scope]]:
    """What a scope reads, by name, without what is only joined to a row where there is some."""
    joins = scope.expression.args.get("joins") or ()
    optional = {join.this.alias_or_name for join in joins if join.side == "LEFT"}
    for name, (_, source) in scope.selected_sources.items():
        if name not in optional:
            yield name, source


def _only_places(node: exp.Expr) -> bool:
    """True for what a sum over a window is parted and ordered by: it decides which rows are added up, as grouping does."""
    window = node.parent
    return (
        isinstance(window, exp.Window)
        and node.arg_key in ("partition_by", "order")
        and isinstance(window.this, exp.Sum | exp.Count | exp.Avg | exp.Min | exp.Max)
    )


def _is_named(table: exp.Table) -> bool:
    """False for a function in the place of a table, such as a series of numbers: it holds nobody's data."""
    return isinstance(table.this, exp.Identifier)


def _relation(table: exp.Table) -> Relation:
    return Relation(table.db.lower(), table.name.lower())


def _refuse_unknown_stars(select: exp.Select) -> None:
    for projection in select.selects:
        if projection.is_star and not isinstance(projection, exp.Count | exp.Alias):
            raise UnreadableModel(
                f"the columns of `{projection.sql(dialect=DIALECT)}` are not known; name them, or declare the source's columns"
            )


def _through(origins: Origins, carried: bool) -> Origins:
    return origins if carried else dict.fromkeys(origins, False)


def _merged(one: Origins, other: Origins) -> Origins:
    return {
        origin: one.get(origin, False) or other.get(origin, False) for origin in dict.fromkeys((*one, *other))
    }
