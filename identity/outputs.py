"""Writes what identity found into warehouse schema `identity`, all tables in one transaction.

Nothing is decided here: weights come from the scratch table `scored`, ids from the state store.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from identity import model, rules
from identity.assignment import resolve_redirects
from identity.workspace import count_rows, first_row

_PROBABILITY = "1 / (1 + pow(2.0, -greatest(-60, least(60, {weight}))))"

EVALUATION_DDL = """
create table if not exists "{warehouse}".identity.identity_evaluation (
    run_id varchar, method varchar, metric varchar, value double
)
"""


def publish(connection: duckdb.DuckDBPyConnection, warehouse: str, state: str) -> int:
    """Replace the identity tables of the warehouse from scratch table `scored` and the state; returns edges written."""
    redirects = connection.execute(
        f"select old_customer_id, customer_id, reason, changed_at from {state}.identity.redirects order by 1"
    ).fetchall()
    _weigh_records(connection)
    connection.execute("begin")
    try:
        connection.execute(f'create schema if not exists "{warehouse}".identity')
        _write_clusters(connection, warehouse, state)
        _write_edges(connection, warehouse)
        _write_evidence(connection, warehouse)
        _write_redirects(connection, warehouse, redirects)
        for table in ("ledger", "runs"):
            connection.execute(
                f'create or replace table "{warehouse}".identity.identity_{table} as from {state}.identity.{table}'
            )
        connection.execute(EVALUATION_DDL.format(warehouse=warehouse))
        connection.execute("commit")
    except duckdb.Error:
        connection.execute("rollback")
        raise
    return count_rows(connection, f'"{warehouse}".identity.identity_edges')


def is_published(connection: duckdb.DuckDBPyConnection, warehouse: str, run_id: str) -> bool:
    """Whether the warehouse holds the outputs of this run (its file may have been lost, or the run killed)."""
    found = first_row(
        connection,
        "select count(*) from duckdb_tables() where database_name = ? and schema_name = 'identity' and table_name in"
        " ('identity_clusters', 'identity_edges', 'identity_evidence', 'identity_redirects', 'identity_ledger',"
        " 'identity_runs', 'identity_evaluation')",
        [warehouse],
    )
    if found is None or found[0] < 7:
        return False
    newest = first_row(
        connection,
        f'select run_id from "{warehouse}".identity.identity_runs order by run_number desc limit 1',
    )
    return newest is not None and newest[0] == run_id


def _weigh_records(connection: duckdb.DuckDBPyConnection) -> None:
    """A record's best link into its cluster, less its strongest contradiction there, in bits.

    Scratch work, hence before the transaction.
    """
    connection.execute(
        """
        create or replace table within_weights as
        select id, max(linkage_weight) + least(0, min(linkage_weight)) as weight from (
            select id_l as id, linkage_weight from scored where is_within_customer
            union all select id_r, linkage_weight from scored where is_within_customer
        ) group by id
        """
    )


def _write_clusters(connection: duckdb.DuckDBPyConnection, warehouse: str, state: str) -> None:
    """One row per record. Confidence: the probability that goes with the weight of `_weigh_records`; alone it is 1."""
    connection.execute(
        f"""
        create or replace table "{warehouse}".identity.identity_clusters as
        select a.record_id, a.customer_id, count(*) over (partition by a.customer_id) as cluster_size,
            case when w.weight is null then 1.0 else round({_PROBABILITY.format(weight="w.weight")}, 4) end as confidence
        from {state}.identity.assignments a
        join records r on r.record_id = a.record_id
        left join within_weights w on w.id = r.id
        where a.is_present order by a.record_id
        """
    )


def _write_edges(connection: duckdb.DuckDBPyConnection, warehouse: str) -> None:
    connection.execute(
        f"""
        create or replace table "{warehouse}".identity.identity_edges as
        select l.record_id as record_id_l, r.record_id as record_id_r, round(s.weight, 4) as match_weight,
            round({_PROBABILITY.format(weight="s.weight")}, 6) as match_probability, s.rule, s.is_within_customer
        from scored s join records l on l.id = s.id_l join records r on r.id = s.id_r
        where s.is_within_customer or s.weight >= {rules.LIMITS.kept_weight}
        order by 1, 2
        """
    )


def _write_evidence(connection: duckdb.DuckDBPyConnection, warehouse: str) -> None:
    """One row per kept edge and field; the weights of a pair add up to its match weight."""
    fields = [
        ("prior", "'any two records'", "prior_weight"),
        *((c.name, f"g_{c.name}", f"w_{c.name}") for c in model.COMPARISONS),
        ("household_cap", "case when cap_weight < -0.001 then 'shared by a household' end", "cap_weight"),
        ("rule", "case when abs(rule_weight) > 0.001 then rule end", "rule_weight"),
    ]
    parts = " union all ".join(
        f"select id_l, id_r, {rank} as rank, '{field}' as field, {level} as level, {weight} as weight from kept"
        f" where {level} is not null"
        for rank, (field, level, weight) in enumerate(fields)
    )
    total = " + ".join(f"w_{c.name}" for c in model.COMPARISONS)
    connection.execute(
        f"""
        create or replace table "{warehouse}".identity.identity_evidence as
        with kept as (
            select *, weight - (prior_weight + cap_weight + {total}) as rule_weight from scored
            where is_within_customer or weight >= {rules.LIMITS.kept_weight}
        ),
        fields as ({parts})
        select l.record_id as record_id_l, r.record_id as record_id_r, f.field, f.level, round(f.weight, 4) as match_weight
        from fields f join records l on l.id = f.id_l join records r on r.id = f.id_r
        order by f.id_l, f.id_r, f.rank
        """
    )


def _write_redirects(
    connection: duckdb.DuckDBPyConnection, warehouse: str, redirects: list[tuple[str, str, str, object]]
) -> None:
    final = resolve_redirects({old: new for old, new, _, _ in redirects})
    connection.execute(
        f'create or replace table "{warehouse}".identity.identity_redirects'
        " (old_customer_id varchar, customer_id varchar, reason varchar, changed_at timestamp)"
    )
    if redirects:
        rows = [{"o": old, "c": final[old], "r": why, "t": at} for old, _, why, at in redirects]
        connection.register("arriving", pa.Table.from_pylist(rows))
        connection.execute(f'insert into "{warehouse}".identity.identity_redirects from arriving')
        connection.unregister("arriving")
