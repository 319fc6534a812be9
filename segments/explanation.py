"""Why customers are not in the result of a query: the first step that loses each, and the conditions they do not meet there.

The query is read as a tree (sqlglot), so an analyst writes a segment as any SQL; what cannot be taken apart has no reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import duckdb
from sqlglot import exp

from segments.definitions import parse
from segments.errors import DefinitionError
from segments.wording import columns_in, in_words

KEY = "customer_id"
# shown as given or not: a page of reasons goes to people who need no addresses
_IDENTITIES = frozenset(
    {"email", "phone", "first_name", "last_name", "display_name", "birth_date", "birthday"}
)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Is, exp.Like)

# clause → the clauses before it, whose rows it sees
_CLAUSES = {"where": (), "having": ("where", "group"), "qualify": ("where",)}

Suffix = Callable[[str, exp.Expr], str]


@dataclass(frozen=True)
class Source:
    """One table or step that a select reads: `name` how it is read, `alias` what it is called, `title` for people."""

    name: str
    alias: str
    title: str
    step: str | None
    is_required: bool
    has_key: bool


@dataclass
class Query:
    """A query in steps, each a temporary view `<prefix>__<step>` on the connection; the last one is `result`."""

    connection: duckdb.DuckDBPyConnection
    prefix: str
    steps: dict[str, exp.Expr] = field(default_factory=dict)

    @classmethod
    def prepare(cls, connection: duckdb.DuckDBPyConnection, sql: str, prefix: str) -> Query:
        """Take a query apart. Raises DefinitionError, and duckdb.Error when it does not run."""
        query = cls(connection, prefix)
        tree = parse(sql)
        with_ = tree.args.get("with_") or tree.args.get("with")
        for step in [*(with_.expressions if with_ else []), None]:
            body = step.this if step is not None else tree
            if step is None and with_ is not None:
                with_.pop()
            query.steps[step.alias if step is not None else "result"] = query._renamed(body)
        for name, body in query.steps.items():
            view = query.view(name)
            connection.execute(f"create or replace temp view {view} as {body.sql(dialect='duckdb')}")
        return query

    def view(self, step: str) -> str:
        return f'"{self.prefix}__{step}"'

    def _renamed(self, body: exp.Expr) -> exp.Expr:
        """The step's query, reading the views of the steps before it."""
        for table in list(body.find_all(exp.Table)):
            if not table.db and table.name in self.steps:
                alias = table.alias or table.name
                table.replace(exp.to_table(self.view(table.name), alias=alias, dialect="duckdb"))
        return body

    def step_of(self, table_name: str) -> str | None:
        name = table_name.removeprefix(f"{self.prefix}__")
        return name if table_name.startswith(f"{self.prefix}__") and name in self.steps else None

    def columns(self, relation: str) -> set[str]:
        return {row[0] for row in self.connection.execute(f"describe select * from {relation}").fetchall()}


def explain_absence(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    wanted: str,
    *,
    into: str,
    prefix: str,
    suffix: Suffix = lambda step, condition: "",  # noqa: ARG005
) -> None:
    """Fill temporary table `into` (customer_id, condition, reason) for the customers in table `wanted`, one row each.

    `condition` is what they do not meet, `reason` the same with their own values. Who is in the result, and who is
    lost in a way that cannot be told, has no row. `suffix` adds words to a condition of a step.
    """
    connection.execute(f"create or replace temp table {into} (customer_id text, condition text, reason text)")
    try:
        query = Query.prepare(connection, sql, prefix)
        _Search(query, into, suffix).explain("result", wanted)
    except (DefinitionError, duckdb.Error):
        # the shape of this query is beyond us: membership is right all the same, only the reason is missing
        return
    connection.execute(
        f"create or replace temp table {into} as select customer_id, string_agg(condition, ' · ' order by condition) "
        f"as condition, string_agg(reason, ' · ' order by reason) as reason from (select distinct * from {into}) group by customer_id"
    )


def conditions_of(sql: str) -> Iterator[tuple[str, exp.Expr]]:
    """Step and condition, for every condition of a query: where, having, qualify and what joins ask for."""
    tree = parse(sql)
    for select in tree.find_all(exp.Select):
        owner = select.find_ancestor(exp.CTE)
        step = owner.alias if owner is not None else "result"
        for clause in ("where", "having", "qualify"):
            for condition in _conjuncts(select.args.get(clause)):
                yield step, condition


def _conjuncts(clause: exp.Expr | None) -> list[exp.Expr]:
    if clause is None:
        return []
    body = clause.this if isinstance(clause, exp.Where | exp.Having | exp.Qualify) else clause
    return list(body.flatten()) if isinstance(body, exp.And) else [body]


class _Search:
    """Walks from the result back to where customers are lost, a set of them at a time."""

    def __init__(self, query: Query, into: str, suffix: Suffix) -> None:
        self._query, self._into, self._suffix = query, into, suffix
        self._connection = query.connection
        self._sets = 0

    def explain(self, step: str, wanted: str) -> None:
        """Note why the customers in table `wanted` are not in this step."""
        if self._is_empty(wanted):
            return
        self._explain_query(step, self._query.steps[step], wanted)

    def _explain_query(self, step: str, body: exp.Expr, wanted: str) -> None:
        if isinstance(body, exp.SetOperation):
            for branch in (body.left, body.right):
                self._explain_query(step, branch, wanted)
            return
        if not isinstance(body, exp.Select):
            raise DefinitionError(f"The step {step} is neither a select nor a union.")
        sources = list(self._sources(body))
        for source in sources:
            if source.is_required and source.has_key:
                absent = self._subset(
                    f"select customer_id from {wanted} where customer_id not in (select {KEY} from {source.name} where {KEY} is not null)"
                )
                if source.step is not None:
                    self.explain(source.step, absent)
                else:
                    self._note(
                        f"select customer_id, 'has no row in {source.title}', 'has no row in {source.title}' from {absent}"
                    )
                wanted = self._subset(f"from {wanted} anti join {absent} using (customer_id)")
        self._explain_conditions(step, body, _key(body, sources), wanted)

    def _explain_conditions(self, step: str, body: exp.Select, key: str, wanted: str) -> None:
        """Each clause is evaluated on the rows that those before it leave."""
        for clause, before in _CLAUSES.items():
            conditions = _conjuncts(body.args.get(clause))
            if conditions and not (clause == "qualify" and body.args.get("group")):
                self._note_failing(step, _only(body, before), conditions, key, wanted)
        joins = [join for join in body.args.get("joins") or [] if not join.side and join.args.get("on")]
        if joins:
            text = _literal(
                "no row fits the join on " + " and ".join(in_words(join.args["on"]) for join in joins)
            )
            found = _rows(_only(body, ()), key, [])
            self._note(
                f"select customer_id, {text}, {text} from {wanted} where customer_id not in "
                f"(select customer_id from ({found}) where customer_id is not null)"
            )

    def _note_failing(
        self, step: str, rows: exp.Select, conditions: list[exp.Expr], key: str, wanted: str
    ) -> None:
        """For each customer's best row, the conditions that are not true; nothing for who has a row where all are."""
        columns = []
        for number, condition in enumerate(conditions):
            columns.append(f"coalesce({condition.sql(dialect='duckdb')}, false) as is_true_{number}")
            columns.append(f"{_values(condition)} as values_{number}")
        score = " + ".join(f"is_true_{number}::int" for number in range(len(conditions)))
        ties = ", ".join(f"values_{number}" for number in range(len(conditions)))
        failing = " union all ".join(
            f"select customer_id, {_literal(in_words(condition) + self._suffix(step, condition))} as condition, "
            f"{_literal(in_words(condition))} || coalesce(' (' || nullif(values_{number}, '') || ')', '') || "
            f"{_literal(self._suffix(step, condition))} as reason from best where not is_true_{number}"
            for number, condition in enumerate(conditions)
        )
        self._note(
            f"""
            with evaluated as ({_rows(rows, key, columns)}),
            best as (
                from evaluated where customer_id in (select customer_id from {wanted})
                qualify row_number() over (partition by customer_id order by {score} desc, {ties}) = 1
            )
            {failing}
            """
        )

    def _sources(self, body: exp.Select) -> Iterator[Source]:
        first = body.args.get("from_") or body.args.get("from")
        if first is None:
            return
        yield self._source(first.this, is_required=True)
        for join in body.args.get("joins") or []:
            is_required = not join.side and join.kind not in ("ANTI", "LEFT")
            yield self._source(join.this, is_required=is_required)

    def _source(self, table: exp.Expr, *, is_required: bool) -> Source:
        if not isinstance(table, exp.Table):
            text = table.sql(dialect="duckdb")
            return Source(text, table.alias, "a subquery", None, is_required, False)
        bare = table.copy()
        bare.set("alias", None)
        name = bare.sql(dialect="duckdb")
        step = self._query.step_of(table.name)
        title = step or table.name.rpartition("__")[2]
        return Source(name, table.alias_or_name, title, step, is_required, KEY in self._query.columns(name))

    def _subset(self, query: str) -> str:
        self._sets += 1
        name = f'"{self._query.prefix}__set_{self._sets}"'
        self._connection.execute(f"create or replace temp table {name} as {query}")
        return name

    def _is_empty(self, table: str) -> bool:
        return not self._connection.execute(f"select exists(from {table})").fetchall()[0][0]

    def _note(self, query: str) -> None:
        self._connection.execute(f"insert into {self._into} {query}")


def _only(body: exp.Select, clauses: tuple[str, ...]) -> exp.Select:
    """What a select reads, with no more than the given clauses."""
    kept = body.copy()
    for clause in ("where", "having", "qualify", "group", "distinct", "order", "limit", "windows"):
        if clause not in clauses:
            kept.set(clause, None)
    return kept


def _rows(select: exp.Select, key: str, columns: list[str]) -> str:
    """The rows that a select reads, with the customer and the given columns instead of its own."""
    kept = select.copy()
    kept.set("expressions", [exp.Star()])
    text = kept.sql(dialect="duckdb")
    chosen = ", ".join([f"{key} as customer_id", *columns])
    return text.replace("SELECT *", f"SELECT {chosen}", 1)


def _key(body: exp.Select, sources: list[Source]) -> str:
    """The customer's id as an expression over what the select reads."""
    for projection in body.expressions:
        if projection.alias_or_name == KEY and not projection.is_star:
            return str(
                (projection.this if isinstance(projection, exp.Alias) else projection).sql(dialect="duckdb")
            )
    for source in sources:
        if source.has_key:
            return f'"{source.alias}".{KEY}'
    raise DefinitionError("No source of this step has a customer.")


def _values(condition: exp.Expr) -> str:
    """SQL for `days_since_order = 200, order_count = 3`: what decides a condition, with this row's values."""
    parts = [f"{_literal(in_words(term) + ' = ')} || {_shown(term)}" for term in _terms(condition)]
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


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


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
