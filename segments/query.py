"""A query taken apart into steps that can be looked into: each a temporary view, with the tables and conditions it reads.

The query is read as a tree (sqlglot), so an analyst writes a segment as any SQL; why somebody is absent is `explanation`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb
from sqlglot import exp

from segments.definitions import parse
from segments.errors import DefinitionError

KEY = "customer_id"


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


def only_clauses(body: exp.Select, clauses: tuple[str, ...]) -> exp.Select:
    """What a select reads, with no more than the given clauses."""
    kept = body.copy()
    for clause in ("where", "having", "qualify", "group", "distinct", "order", "limit", "windows"):
        if clause not in clauses:
            kept.set(clause, None)
    return kept


def rows_of(select: exp.Select, key: str, columns: list[str]) -> str:
    """The rows that a select reads, with the customer and the given columns instead of its own."""
    kept = select.copy()
    kept.set("expressions", [exp.Star()])
    text = kept.sql(dialect="duckdb")
    chosen = ", ".join([f"{key} as customer_id", *columns])
    return text.replace("SELECT *", f"SELECT {chosen}", 1)


def key_of(body: exp.Select, sources: list[Source]) -> str:
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
