"""The conditions of a query: where they stand, which ones of two versions belong together, and the values that decide them.

Nothing is evaluated here; the SQL for it is handed to `explanation`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp

from segments.definitions import parse
from segments.wording import columns_in, in_words

# shown as given or not: a page of reasons goes to people who need no addresses
_IDENTITIES = frozenset(
    {"email", "phone", "first_name", "last_name", "display_name", "birth_date", "birthday"}
)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Is, exp.Like)


def conditions_of(sql: str) -> Iterator[tuple[str, exp.Expr]]:
    """Step and condition, for every condition of a query: where, having, qualify and what joins ask for."""
    tree = parse(sql)
    for select in tree.find_all(exp.Select):
        owner = select.find_ancestor(exp.CTE)
        step = owner.alias if owner is not None else "result"
        for clause in ("where", "having", "qualify"):
            for condition in conjuncts(select.args.get(clause)):
                yield step, condition


def conjuncts(clause: exp.Expr | None) -> list[exp.Expr]:
    """The conditions of a clause that must all be true; none where there is no clause."""
    if clause is None:
        return []
    body = clause.this if isinstance(clause, exp.Where | exp.Having | exp.Qualify) else clause
    return list(body.flatten()) if isinstance(body, exp.And) else [body]


def counterparts(ours: str, theirs: str) -> Mapping[tuple[str, str], exp.Expr | None]:
    """For every condition of `ours`, by step and text, the one of `theirs` that stands in its place, if any does.

    That is the same condition where there is one, else one of the same step over the same columns.
    """
    others = list(conditions_of(theirs))
    found: dict[tuple[str, str], exp.Expr | None] = {}
    for step, condition in conditions_of(ours):
        text = in_words(condition)
        same = [other for place, other in others if place == step and in_words(other) == text]
        names = {column.name for column in columns_in(condition)}
        near = [
            other for place, other in others if place == step and {c.name for c in columns_in(other)} == names
        ]
        found[step, text] = next(iter(same or near), None)
    return found


def values_of(condition: exp.Expr) -> str:
    """SQL for `days_since_order = 200, order_count = 3`: what decides a condition, with this row's values."""
    parts = [f"{literal(in_words(term) + ' = ')} || {_shown(term)}" for term in _terms(condition)]
    return " || ', ' || ".join(parts) or "''"


def _terms(condition: exp.Expr) -> list[exp.Expr]:
    inner = condition.this if isinstance(condition, exp.Not) else condition
    inner = inner.unnest() if isinstance(inner, exp.Paren) else inner
    if isinstance(inner, _COMPARISONS):
        sides = [inner.this, inner.args.get("expression"), inner.args.get("low"), inner.args.get("high")]
        terms = [side for side in sides if isinstance(side, exp.Expr) and side.find(exp.Column, exp.AggFunc)]
        if terms and not any(term.find(exp.Select) and not columns_in(term) for term in terms):
            return list({term.sql(): term for term in terms}.values())
    # of a group only what is counted or summed has a value
    return [] if condition.find(exp.AggFunc) else list(columns_in(condition))


def _shown(term: exp.Expr) -> str:
    text = f"cast({term.sql(dialect='duckdb')} as varchar)"
    if (isinstance(term, exp.Column) and term.name in _IDENTITIES) or _IDENTITIES & {
        c.name for c in columns_in(term)
    }:
        return f"case when {text} is null then 'nothing' else 'given' end"
    return f"coalesce(regexp_replace({text}, '( 00:00:00|[.]0+)$', ''), 'nothing')"


def literal(text: str) -> str:
    """A text as it stands in SQL."""
    return "'" + text.replace("'", "''") + "'"
