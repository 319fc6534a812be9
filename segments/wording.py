"""Conditions of a query in words: compiled SQL shortened to what a person who did not write it can follow.

The words are for reading only; what is evaluated is the condition itself.
"""

from __future__ import annotations

import re

from sqlglot import exp

_LONGEST = 160
_CAPITALS = re.compile(r"\b[A-Z_]{2,}\b")
_SINCE = re.compile(r"\((\w+ since [\w.]+)\)")
_NOT_NULL = re.compile(r"NOT ((?:\w+\([^()]*\))|[\w.]+) IS NULL")


def in_words(condition: exp.Expr) -> str:
    """A condition as short SQL: without qualifiers and casts, `now` for the run's time, `days since x` for differences."""
    text = condition.copy().transform(_plain).sql(dialect="duckdb").replace('"', "")
    text = _SINCE.sub(r"\1", _NOT_NULL.sub(r"\1 IS NOT NULL", text))
    # keywords and functions come in capitals; what stands in quotes is a value
    text = "'".join(
        part if place % 2 else _CAPITALS.sub(lambda word: word[0].lower(), part)
        for place, part in enumerate(text.split("'"))
    )
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def columns_in(condition: exp.Expr) -> list[exp.Column]:
    """The columns whose values decide a condition, each once, in order; those inside a subquery are not the customer's."""
    found: dict[str, exp.Column] = {}
    for column in condition.find_all(exp.Column, bfs=False):
        if not _is_inside_subquery(column, condition):
            found.setdefault(column.sql(dialect="duckdb"), column)
    return list(found.values())


def _is_inside_subquery(column: exp.Column, condition: exp.Expr) -> bool:
    node = column.parent
    while node is not None and node is not condition.parent:
        if isinstance(node, exp.Subquery | exp.Select):
            return True
        node = node.parent
    return False


def _plain(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Column):
        return exp.column(node.name)
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal | exp.Column | exp.Subquery):
        return _plain(node.this)
    if isinstance(node, exp.Subquery) and _is_now(node):
        return exp.column("now")
    if isinstance(node, exp.DateDiff | exp.TimestampDiff | exp.DatetimeDiff):
        unit = str(node.args.get("unit") or "day").strip("'").lower()
        end, start = node.this.transform(_plain), node.expression.transform(_plain)
        if end.sql().strip('"') == "now":
            return exp.column(f"{unit}s since {start.sql(dialect='duckdb')}")
    if isinstance(node, exp.Paren) and isinstance(
        node.this, exp.Paren | exp.Column | exp.Literal | exp.Subquery
    ):
        return _plain(node.this)
    return node


def _is_now(node: exp.Subquery) -> bool:
    return any(table.name == "run_context" for table in node.find_all(exp.Table))
