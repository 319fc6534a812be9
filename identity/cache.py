"""What the last resolution worked out, kept in warehouse schema `identity_cache` so that the next need not do it again.

Everything here can be rebuilt from the records, the model and the decisions; which parts of it still hold tonight is
found out in `changes.py` and `neighbourhoods.py`. It is never published: readers have no use for it.
"""

from __future__ import annotations

import hashlib

import duckdb

from identity import model, rules
from identity.history import Decisions
from identity.workspace import CATALOG, first_row

FORMAT = 1  # raise it when the tables below change their meaning
TABLES: dict[str, str] = {
    # one row per record: a hash of what matching reads of it, and its profile
    "records": "record_id varchar, row_hash ubigint, id integer",
    # one row per profile (distinct record): its digest, and its neighbourhood
    "profiles": "id integer, profile uhugeint, label integer",
    # one row per profile and blocking key; equal keys of one rule may meet by chance, which costs a comparison
    "keys": "rule utinyint, key uinteger, id integer",
    # one row per pair that was found by a blocking key and weighs enough to make neighbours
    "edges": "id_l integer, id_r integer, weight double",
    # one row per decision that was obeyed
    "decisions": "record_id_l varchar, record_id_r varchar, decision varchar",
    # one row: the run that left this, and what its weights depended on
    "origin": "run_id varchar, basis varchar",
}


def basis(model_version: int, prior: float) -> str:
    """A hash of all that weights, pairs and clusters depend on, apart from records and decisions."""
    engine = duckdb.__version__  # hashes of rows and keys are the engine's own
    parts = (FORMAT, engine, model.fingerprint(), rules.rules_hash(), model_version, prior)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def find(
    connection: duckdb.DuckDBPyConnection, warehouse: str, *, run_id: str | None, expected: str | None
) -> str:
    """The schema to read from: the kept one where the last run left it on the expected basis, else an empty one.

    The empty one makes every record a new one, which is what a full run is.
    """
    kept = f'"{warehouse}".identity_cache'
    if (
        run_id is not None
        and _is_whole(connection, warehouse)
        and first_row(connection, f"select run_id, basis from {kept}.origin") == (run_id, expected)
    ):
        return kept
    _create(connection, f"{CATALOG}.empty_cache")
    connection.execute(f"create or replace table {CATALOG}.empty_cache.scored as {_NO_SCORES}")
    return f"{CATALOG}.empty_cache"


_NO_SCORES = "select 1 as id_l, 2 as id_r limit 0"


def is_kept(cache: str) -> bool:
    """Whether `find` found what the last run left."""
    return not cache.startswith(CATALOG)


def changed_decisions(connection: duckdb.DuckDBPyConnection, cache: str, decisions: Decisions) -> list[str]:
    """Record ids of decisions made, changed or withdrawn since."""
    before = set(connection.execute(f"from {cache}.decisions").fetchall())
    return sorted({record for row in before ^ set(_rows(decisions)) for record in row[:2]})


def write(
    connection: duckdb.DuckDBPyConnection,
    warehouse: str,
    cache: str,
    decisions: Decisions,
    run_id: str,
    basis: str,
) -> None:
    """Bring the kept tables up to this run; inside the caller's transaction."""
    kept = f'"{warehouse}".identity_cache'
    if not is_kept(cache):
        _create(connection, kept)
        connection.execute(
            f"create or replace table {kept}.scored as select * exclude (is_within_customer) from scored limit 0"
        )
    _replace_records(connection, kept)
    _replace_edges(connection, kept)
    connection.execute(f"delete from {kept}.decisions")
    if rows := _rows(decisions):
        connection.executemany(f"insert into {kept}.decisions values (?, ?, ?)", [list(row) for row in rows])
    connection.execute(f"delete from {kept}.origin")
    connection.execute(f"insert into {kept}.origin values (?, ?)", [run_id, basis])


def _replace_records(connection: duckdb.DuckDBPyConnection, kept: str) -> None:
    connection.execute(f"delete from {kept}.records where record_id in (select record_id from left_rows)")
    connection.execute(f"insert into {kept}.records select record_id, row_hash, id from joined_rows")
    gone = "select id from gone_profiles"
    connection.execute(f"delete from {kept}.keys where id in ({gone})")
    connection.execute(f"insert into {kept}.keys from new_keys")
    connection.execute(f"delete from {kept}.profiles where id in ({gone} union all select id from stirred)")
    connection.execute(f"insert into {kept}.profiles select id, profile, label from stirred")


def _replace_edges(connection: duckdb.DuckDBPyConnection, kept: str) -> None:
    connection.execute(
        f"delete from {kept}.edges e where id_l in (select id from gone_profiles) or id_r in (select id from gone_profiles)"
        " or exists (select 1 from lost_edges x where x.id_l = e.id_l and x.id_r = e.id_r)"
    )
    connection.execute(f"insert into {kept}.edges from new_edges")
    # both ends of a scored pair lie in one neighbourhood, and all of a neighbourhood is stirred or nothing
    connection.execute(
        f"delete from {kept}.scored where id_l in (select id from gone_profiles union all select id from stirred)"
    )
    connection.execute(f"insert into {kept}.scored select * exclude (is_within_customer) from scored")


def _rows(decisions: Decisions) -> list[tuple[str, str, str]]:
    return [
        *((left, right, "must_link") for left, right in decisions.must_link),
        *((left, right, "cannot_link") for left, right in decisions.cannot_link),
    ]


def _create(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    connection.execute(f"create schema if not exists {schema}")
    for name, columns in TABLES.items():
        connection.execute(f"create or replace table {schema}.{name} ({columns})")


def _is_whole(connection: duckdb.DuckDBPyConnection, warehouse: str) -> bool:
    found = connection.execute(
        "select table_name from duckdb_tables() where database_name = ? and schema_name = 'identity_cache'",
        [warehouse],
    ).fetchall()
    return {*TABLES, "scored"} <= {name for (name,) in found}
