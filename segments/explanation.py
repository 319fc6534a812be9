"""Why customers are not in the result of a query: the first step that loses each, and the conditions they do not meet there.

How a query is taken apart stands in `query` and `conditions`; one that cannot be taken apart leaves its people without a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
from sqlglot import exp

from segments.conditions import conjuncts, literal, values_of
from segments.errors import DefinitionError
from segments.query import KEY, Query, Source, key_of, only_clauses, rows_of
from segments.wording import in_words

# clause → the clauses before it, whose rows it sees
_CLAUSES = {"where": (), "having": ("where", "group"), "qualify": ("where",)}

Suffix = Callable[[str, exp.Expr], str]


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
        self._explain_conditions(step, body, key_of(body, sources), wanted)

    def _explain_conditions(self, step: str, body: exp.Select, key: str, wanted: str) -> None:
        """Each clause is evaluated on the rows that those before it leave."""
        for clause, before in _CLAUSES.items():
            conditions = conjuncts(body.args.get(clause))
            if conditions and not (clause == "qualify" and body.args.get("group")):
                self._note_failing(step, only_clauses(body, before), conditions, key, wanted)
        joins = [join for join in body.args.get("joins") or [] if not join.side and join.args.get("on")]
        if joins:
            text = literal(
                "no row fits the join on " + " and ".join(in_words(join.args["on"]) for join in joins)
            )
            found = rows_of(only_clauses(body, ()), key, [])
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
            columns.append(f"{values_of(condition)} as values_{number}")
        score = " + ".join(f"is_true_{number}::int" for number in range(len(conditions)))
        ties = ", ".join(f"values_{number}" for number in range(len(conditions)))
        failing = " union all ".join(
            f"select customer_id, {literal(in_words(condition) + self._suffix(step, condition))} as condition, "
            f"{literal(in_words(condition))} || coalesce(' (' || nullif(values_{number}, '') || ')', '') || "
            f"{literal(self._suffix(step, condition))} as reason from best where not is_true_{number}"
            for number, condition in enumerate(conditions)
        )
        self._note(
            f"""
            with evaluated as ({rows_of(rows, key, columns)}),
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
