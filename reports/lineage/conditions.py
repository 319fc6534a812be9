"""Which rows an expression looks at, as far as it says that a column equals a text: `where attribute = 'email'`.

Only what certainly holds counts; a condition of any other kind is taken to let every row through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from sqlglot import exp

Rows = tuple[tuple[str, str], ...]  # (column, the text it equals), in the columns' order; empty for all rows


@dataclass(frozen=True, slots=True)
class Condition:
    """The column called `name` of what is called `table` is one of `texts`."""

    table: str
    name: str
    texts: tuple[str, ...]


def rows_of(table: str, tests: Iterable[Condition]) -> Rows:
    """What `tests` say of the table or part that is called `table`, as far as they leave one text."""
    found = {each.name: each.texts[0] for each in tests if each.table == table and len(each.texts) == 1}
    return tuple(sorted(found.items()))


def of_select(select: exp.Select) -> list[Condition]:
    """What holds for every row of a select, or for every row that one of its joined tables gave to it."""
    found = list(_required(select.args.get("where")))
    for join in select.args.get("joins") or ():
        if join.side in ("", "LEFT"):  # an unmatched row of the right side would come through unchecked
            joined = join.this.alias_or_name
            found += [each for each in _required(join.args.get("on")) if each.table == joined]
    return found


def of_outputs(outputs: Mapping[str, exp.Expr], rows: Rows) -> list[Condition] | None:
    """What `rows` of a select's output columns say of what it reads; None if the select has no such row."""
    found: list[Condition] = []
    for name, text in rows:
        value = _uncast(outputs.get(name))
        if isinstance(value, exp.DPipe) and _is_text(value.expression):
            ending = value.expression.name
            if not text.endswith(ending):
                return None
            value, text = value.left, text.removesuffix(ending)
        if _is_text(value) and value.name != text:
            return None
        if isinstance(value, exp.Column):
            found.append(_condition(value, [text]))
    return found


def is_among(values: exp.Values, rows: Rows) -> bool:
    """Whether a list of rows written out in SQL has one that says what `rows` ask for."""
    places = {name.lower(): at for at, name in enumerate(values.alias_column_names)}
    asked = [(places[name], text) for name, text in rows if name in places]
    return any(
        all(not _is_text(row.expressions[at]) or row.expressions[at].name == text for at, text in asked)
        for row in values.expressions
    )


def in_sight(column: exp.Column, select: exp.Select, tests: list[Condition]) -> list[Condition]:
    """What `tests` of a select's rows say of the rows that `column` is read from: a window sees all of its part."""
    window = column.find_ancestor(exp.Window)
    if window is not None:
        parted = {
            (each.table, each.name.lower())
            for each in window.args.get("partition_by") or ()
            if isinstance(each, exp.Column)
        }
        tests = [each for each in tests if (each.table, each.name) in parted]
    return _linked(select, tests)


def _linked(select: exp.Select, tests: list[Condition]) -> list[Condition]:
    """With what the same texts say of a joined table, by the columns on which it is joined."""
    found = list(tests)
    for join in select.args.get("joins") or ():
        if join.side not in ("", "LEFT"):
            continue
        for one, other in _equal_columns(join.args.get("on")):
            if other.table == join.this.alias_or_name:
                known = [each for each in found if (each.table, each.name) == (one.table, one.name.lower())]
                found += [Condition(other.table, other.name.lower(), each.texts) for each in known]
    return found


def _equal_columns(condition: exp.Expr | None) -> Iterator[tuple[exp.Column, exp.Column]]:
    for part in _parts(condition):
        if (
            isinstance(part, exp.EQ)
            and isinstance(part.left, exp.Column)
            and isinstance(part.right, exp.Column)
        ):
            yield part.left, part.right
            yield part.right, part.left


def around(node: exp.Expr, projection: exp.Expr) -> Iterator[Condition]:
    """What holds for the rows of which `node` is looked at: in a filtered aggregate, or behind a `when`."""
    while node is not projection and node.parent is not None:
        parent = node.parent
        if isinstance(parent, exp.Filter) and node.arg_key == "this":
            yield from _required(parent.expression)
        if isinstance(parent, exp.If) and node.arg_key == "true":
            case = parent.parent
            if isinstance(case, exp.Case) and case.this is not None:
                yield from _one_of(case.this, [parent.this])
            else:
                yield from _required(parent.this)
        node = parent


def agree(tests: Iterable[Condition]) -> bool:
    """False if no row can pass all of them."""
    left: dict[tuple[str, str], set[str]] = {}
    for test in tests:
        texts = left.setdefault((test.table, test.name), set(test.texts))
        texts &= set(test.texts)
    return all(left.values())


def _required(condition: exp.Expr | None) -> Iterator[Condition]:
    for part in _parts(condition):
        if isinstance(part, exp.EQ):
            yield from _one_of(part.left, [part.right])
            yield from _one_of(part.right, [part.left])
        elif isinstance(part, exp.In) and part.expressions:
            yield from _one_of(part.this, part.expressions)


def _parts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    """What must hold each for all of it to hold."""
    if isinstance(condition, exp.Where | exp.Paren):
        yield from _parts(condition.this)
    elif isinstance(condition, exp.And):
        yield from _parts(condition.left)
        yield from _parts(condition.right)
    elif condition is not None:
        yield condition


def _one_of(column: exp.Expr, texts: list[exp.Expr]) -> Iterator[Condition]:
    if isinstance(column, exp.Column) and all(map(_is_text, texts)):
        yield _condition(column, [text.name for text in texts])


def _condition(column: exp.Column, texts: list[str]) -> Condition:
    return Condition(column.table, column.name.lower(), tuple(texts))


def _is_text(value: exp.Expr | None) -> TypeGuard[exp.Literal]:
    return isinstance(value, exp.Literal) and value.is_string


def _uncast(value: exp.Expr | None) -> exp.Expr | None:
    while isinstance(value, exp.Alias | exp.Cast | exp.Paren):
        value = value.this
    return value
