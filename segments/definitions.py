"""A version of a segment's definition: its compiled SQL and that of the models it is built from, kept when it is released.

Compiling is dbt's work and done by the front doors; comparing two versions is `difference`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
from sqlglot import exp, parse_one
from sqlglot.errors import ParseError, SqlglotError

from segments.contracts import PREFIX, Segment, SegmentContract
from segments.errors import DefinitionError

COMPILED = "state.compiled_models"


@dataclass(frozen=True)
class Model:
    """One dbt model as SQL. `relation` is the table it fills, `"schema"."table"`."""

    name: str
    relation: str
    sql: str

    @property
    def text_hash(self) -> str:
        return hashlib.sha256(f"{self.relation}\0{self.sql}".encode()).hexdigest()


@dataclass(frozen=True)
class Definition:
    """One version of a segment: `models` by name, each after those it reads, the segment's own last.

    `label` says which version it is, in words.
    """

    segment: str
    label: str
    contract: SegmentContract | None
    models: Mapping[str, Model] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        return self.models[PREFIX + self.segment].sql


def keep_compiled(connection: duckdb.DuckDBPyConnection, models: Iterable[Model]) -> None:
    """Remember the SQL that built the tables of the warehouse (`state.compiled_models`, one row per model)."""
    connection.execute("create schema if not exists state")
    connection.execute(
        f"create table if not exists {COMPILED} (name text primary key, relation text, sql_text text)"
    )
    rows = [(model.name, model.relation, model.sql) for model in models]
    if rows:
        connection.executemany(f"insert or replace into {COMPILED} values (?, ?, ?)", rows)


def read_compiled(connection: duckdb.DuckDBPyConnection) -> dict[str, Model]:
    """The SQL that built the tables of the warehouse, by model name; empty before the first build."""
    known = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'state' and table_name = 'compiled_models'"
    ).fetchone()
    rows = connection.execute(f"select name, relation, sql_text from {COMPILED}").fetchall() if known else []
    return {row[0]: Model(*row) for row in rows}


def define(
    segment: Segment,
    models: Mapping[str, Model],
    label: str,
    tables: Mapping[str, frozenset[str]] | None = None,
) -> Definition | None:
    """The definition of a segment out of compiled models; None when the segment's own is not among them.

    `tables` may hold what each model reads (`tables_of_all`), so that many definitions parse every model once.
    """
    if PREFIX + segment.name not in models:
        return None
    tables = tables_of_all(models) if tables is None else tables
    by_relation = {model.relation: model.name for model in models.values()}
    found: dict[str, Model] = {}

    def add(name: str) -> None:
        for relation in sorted(tables[name]):
            parent = by_relation.get(relation)
            if parent is not None and parent not in found and parent != name:
                add(parent)
        found[name] = models[name]

    add(PREFIX + segment.name)
    return Definition(segment.name, label, segment.contract, found)


def tables_of_all(models: Mapping[str, Model]) -> dict[str, frozenset[str]]:
    """Model → relations (`"schema"."table"`) it reads; none where its SQL cannot be read, which is for who carries it out."""
    return {name: _tables_of(model) for name, model in models.items()}


def _tables_of(model: Model) -> frozenset[str]:
    try:
        return frozenset(map(relation_of, tables_in(model.sql)))
    except DefinitionError:
        return frozenset()


def tables_in(sql: str) -> list[exp.Table]:
    """The tables with a schema that a query reads. Raises DefinitionError when it cannot be parsed."""
    return [table for table in parse(sql).find_all(exp.Table) if table.db]


def relation_of(table: exp.Table) -> str:
    return f'"{table.db}"."{table.name}"'


def parse(sql: str) -> exp.Expr:
    """The query as a tree. Raises DefinitionError."""
    try:
        return parse_one(sql, dialect="duckdb")
    except SqlglotError as error:
        raise DefinitionError(f"its SQL cannot be read: {_where(error)}") from error


def _where(error: SqlglotError) -> str:
    """What is wrong with a query, and the words around it: its lines are not those of the file."""
    if not isinstance(error, ParseError) or not error.errors:
        return str(error)
    first = error.errors[0]
    before, after = str(first["start_context"]).split()[-5:], str(first["end_context"]).split()[:3]
    return f"{str(first['description']).lower()} at `{' '.join([*before, str(first['highlight']), *after])}`"


def keep(
    connection: duckdb.DuckDBPyConnection,
    segment: Segment,
    definition: Definition,
    run_id: str,
    now: datetime,
) -> None:
    """Keep a released definition, inside the caller's transaction; nothing when it is the one kept last."""
    state = "state_store.segments"
    hashes = json.dumps({name: model.text_hash for name, model in definition.models.items()})
    contract = segment.contract.model_dump_json() if segment.contract else "null"
    newest = connection.execute(
        f"select models, contract from {state}.definitions where segment_name = ? order by released_at desc, rowid desc limit 1",
        [segment.name],
    ).fetchone()
    if newest == (hashes, contract):
        return
    known = {key for (key,) in connection.execute(f"select text_hash from {state}.model_texts").fetchall()}
    fresh = [m for m in definition.models.values() if m.text_hash not in known]
    if fresh:
        rows = [(model.text_hash, model.relation, model.sql) for model in fresh]
        connection.executemany(f"insert into {state}.model_texts values (?, ?, ?)", rows)
    connection.execute(
        f"insert into {state}.definitions values (?, ?, ?, ?, ?)",
        [segment.name, now, run_id, hashes, contract],
    )


def read_released(state: duckdb.DuckDBPyConnection, name: str) -> Definition | None:
    """The definition of a segment that was released last, from the state file; None when none was."""
    row = state.execute(
        "select released_at, models, contract from segments.definitions where segment_name = ? "
        "order by released_at desc, rowid desc limit 1",
        [name],
    ).fetchone()
    if row is None:
        return None
    released_at, models, contract = row
    texts = {
        key: (relation, sql)
        for key, relation, sql in state.execute("select * from segments.model_texts").fetchall()
    }
    return Definition(
        name,
        f"the release of {released_at:%Y-%m-%d}",
        SegmentContract.model_validate(json.loads(contract)),
        {model: Model(model, *texts[key]) for model, key in json.loads(models).items()},
    )
