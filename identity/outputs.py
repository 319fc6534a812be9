"""Writes what identity found into warehouse schema `identity`: all rows on a full run, else those that it touched.

Nothing is decided here: weights come from the scratch table `scored`, ids from the assignment.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from identity import model, rules
from identity.assignment import resolve_redirects
from identity.workspace import first_row

_PROBABILITY = "1 / (1 + pow(2.0, -greatest(-60, least(60, {weight}))))"

EVALUATION_DDL = """
create table if not exists "{warehouse}".identity.identity_evaluation (
    run_id varchar, method varchar, metric varchar, value double
)
"""


TABLES: dict[str, str] = {
    "identity_clusters": "record_id varchar, customer_id varchar, cluster_size bigint, confidence double,"
    " strict_id varchar, loose_id varchar",
    "identity_edges": "record_id_l varchar, record_id_r varchar, match_weight double, match_probability double,"
    " rule varchar, is_within_customer boolean",
    "identity_evidence": "record_id_l varchar, record_id_r varchar, field varchar, level varchar, match_weight double",
}


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the rows to write, in scratch tables `links`, `link_weights` and `evidence`, from `scored` and `clusters`.

    A profile is shown as its first record; its other records hang on that one by links of rule `identical`.
    """
    connection.execute(
        """
        create or replace table scored as
        select s.*, l.label = r.label as is_within_customer
        from scored s join clusters l on l.id = s.id_l join clusters r on r.id = s.id_r
        """
    )
    connection.execute(
        "create or replace table shown as select id, min(record_id) as record_id, count(*) as records"
        " from present join clusters using (id) group by id"
    )
    connection.execute(
        f"""
        create or replace table links as
        select id_l, id_r, least(l.record_id, r.record_id) as record_id_l, greatest(l.record_id, r.record_id) as record_id_r,
            weight, rule, is_within_customer
        from scored s join shown l on l.id = s.id_l join shown r on r.id = s.id_r
        where is_within_customer or weight >= {rules.LIMITS.kept_weight}
        union all
        select id, id, s.record_id, p.record_id, {rules.LIMITS.weight_ceiling}::double, 'identical', true
        from shown s join present p using (id) where s.records > 1 and p.record_id <> s.record_id
        """
    )
    connection.execute(
        f"""
        create or replace table link_weights as
        select id, max(linkage_weight) + least(0, min(linkage_weight)) as weight from (
            select id_l as id, linkage_weight from scored where is_within_customer
            union all select id_r, linkage_weight from scored where is_within_customer
            union all select id, {rules.LIMITS.weight_ceiling} from shown where records > 1
        ) group by id
        """
    )
    _make_evidence(connection)


def publish(
    connection: duckdb.DuckDBPyConnection,
    warehouse: str,
    state: str,
    customer_of: Mapping[str, str],
    *,
    is_full: bool,
) -> None:
    """Bring the identity tables of the warehouse up to this run; inside the caller's transaction.

    `customer_of` maps the records whose customer was looked at, which is all of them on a full run.
    """
    schema = f'"{warehouse}".identity'
    connection.execute(f"create schema if not exists {schema}")
    if is_full:
        for name, columns in TABLES.items():
            connection.execute(f"create or replace table {schema}.{name} ({columns})")
    else:
        _remove_stale(connection, schema)
    _write_clusters(connection, schema, state, customer_of)
    connection.execute(
        f"""
        insert into {schema}.identity_edges
        select record_id_l, record_id_r, round(weight, 4), round({_PROBABILITY.format(weight="weight")}, 6), rule, is_within_customer
        from links order by record_id_l, record_id_r
        """
    )
    connection.execute(f"insert into {schema}.identity_evidence from evidence")
    _write_redirects(connection, schema, state)
    connection.execute(
        f"create or replace table {schema}.identity_vanished as select record_id, customer_id"
        f" from {state}.identity.assignments where not is_present order by record_id"
    )
    for table in ("ledger", "runs"):
        _append(connection, f"{schema}.identity_{table}", f"{state}.identity.{table}", is_full=is_full)
    connection.execute(EVALUATION_DDL.format(warehouse=warehouse))


def is_published(connection: duckdb.DuckDBPyConnection, warehouse: str, run_id: str) -> bool:
    """Whether the warehouse holds the outputs of this run (its file may have been lost, or the run killed)."""
    found = first_row(
        connection,
        "select count(*) from duckdb_tables() where database_name = ? and schema_name = 'identity' and table_name in"
        " ('identity_clusters', 'identity_edges', 'identity_evidence', 'identity_redirects', 'identity_ledger',"
        " 'identity_runs', 'identity_evaluation', 'identity_vanished')",
        [warehouse],
    )
    if found is None or found[0] < 8:
        return False
    newest = first_row(
        connection,
        f'select run_id from "{warehouse}".identity.identity_runs order by run_number desc limit 1',
    )
    return newest is not None and newest[0] == run_id


def _make_evidence(connection: duckdb.DuckDBPyConnection) -> None:
    """One row per link and field; the weights of a link add up to its match weight."""
    fields = [
        ("prior", "'any two records'", "prior_weight"),
        *((c.name, f"g_{c.name}", f"w_{c.name}") for c in model.COMPARISONS),
        ("household_cap", "case when cap_weight < -0.001 then 'shared by a household' end", "cap_weight"),
        ("rule", "case when abs(rule_weight) > 0.001 then rule end", "rule_weight"),
    ]
    structs = ", ".join(
        f"struct_pack(field := '{field}', level := {level}, weight := round({weight}, 4))"
        for field, level, weight in fields
    )
    total = " + ".join(f"w_{c.name}" for c in model.COMPARISONS)
    connection.execute(
        f"""
        create or replace table evidence as
        with kept as (
            select l.record_id_l, l.record_id_r, s.*, s.weight - (prior_weight + cap_weight + {total}) as rule_weight
            from links l join scored s using (id_l, id_r)
        ),
        listed as (select record_id_l, record_id_r, unnest([{structs}]) as part from kept)
        select record_id_l, record_id_r, part.field, part.level, part.weight as match_weight
        from listed where part.level is not null
        union all
        select record_id_l, record_id_r, 'all fields', 'identical', weight from links where rule = 'identical'
        """
    )


def _remove_stale(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Links whose pairs were looked at again; both ends of a link lie in one neighbourhood, so one end will do."""
    connection.execute(
        """
        create or replace temp table stale_records as
        select record_id from left_rows union select record_id from present join clusters using (id)
        """
    )
    for table in ("identity_edges", "identity_evidence"):
        connection.execute(
            f"delete from {schema}.{table} where record_id_l in (select record_id from stale_records)"
        )
    connection.execute("drop table stale_records")


def _write_clusters(
    connection: duckdb.DuckDBPyConnection, schema: str, state: str, customer_of: Mapping[str, str]
) -> None:
    """One row per record whose customer, or group in another tier of confidence, was looked at."""
    columns = {"record_id": list(customer_of), "customer_id": list(customer_of.values())}
    types = pa.schema({"record_id": pa.string(), "customer_id": pa.string()})
    connection.register("arriving", pa.table(columns, schema=types))
    _group(connection, schema)
    connection.unregister("arriving")
    connection.execute(_CLUSTER_ROWS.format(customers=f"{state}.identity.customers"))
    connection.execute(
        f"delete from {schema}.identity_clusters where record_id in"
        " (select record_id from cluster_rows union all select record_id from vanished)"
    )
    connection.execute(f"insert into {schema}.identity_clusters by name from cluster_rows order by record_id")
    connection.execute("drop table cluster_rows; drop table grouped")


def _group(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Create `grouped`: record, customer, confidence, and what it is grouped by in the strict and the loose tier.

    Confidence: the probability that goes with a record's best link into its cluster, less its strongest contradiction
    there, in bits; alone it is 1. A customer drawn in for its id alone keeps confidence and groups, and brings the
    others of its loose group along, which may have to be named anew.
    """
    connection.execute(
        f"""
        create or replace temp table grouped as
        with looked_at as (
            select a.record_id, a.customer_id, p.id is null as is_drawn_in,
                case when p.id is null then k.confidence when w.weight is null then 1.0
                    else round({_PROBABILITY.format(weight="w.weight")}, 4) end as confidence,
                coalesce(p.strict::varchar, k.strict_id) as strict_group,
                coalesce(p.loose::varchar, k.loose_id) as loose_group
            from arriving a
            left join (select record_id, c.* from present join clusters c using (id)) p using (record_id)
            left join link_weights w on w.id = p.id
            left join {schema}.identity_clusters k using (record_id)
        )
        select * exclude (is_drawn_in) from looked_at
        union all
        select record_id, customer_id, confidence, strict_id, loose_id from {schema}.identity_clusters
        where loose_id in (select loose_group from looked_at where is_drawn_in)
            and record_id not in (select record_id from looked_at)
        """
    )


# The strict group with most records bears the customer's id, another one's a digest of its first record as well (record
# ids hold addresses, ids must not); a loose group bears the id of its oldest customer.
_CLUSTER_ROWS = """
create or replace temp table cluster_rows as
with strict_groups as (
    select customer_id, strict_group, count(*) as records, min(record_id) as first_record from grouped group by all
),
customers as (
    select customer_id, sum(records)::bigint as records, arg_min(strict_group, (-records, first_record)) as core
    from strict_groups group by customer_id
),
loose_groups as (
    select loose_group, arg_min(customer_id, created_order) as loose_id
    from grouped join {customers} using (customer_id) group by loose_group
)
select g.record_id, g.customer_id, c.records as cluster_size, g.confidence,
    case when g.strict_group = c.core then g.customer_id else g.customer_id || '/' || left(md5(s.first_record), 8) end as strict_id,
    l.loose_id
from grouped g
join customers c using (customer_id) join strict_groups s using (customer_id, strict_group)
join loose_groups l using (loose_group)
"""


def _append(connection: duckdb.DuckDBPyConnection, table: str, source: str, *, is_full: bool) -> None:
    """Copy rows that are not there yet: ledger and runs only ever grow."""
    key = "ledger_id" if source.endswith("ledger") else "run_number"
    if is_full:
        connection.execute(f"create or replace table {table} as from {source}")
    else:
        connection.execute(
            f"insert into {table} by name from {source} where {key} > (select coalesce(max({key}), 0) from {table})"
        )


def _write_redirects(connection: duckdb.DuckDBPyConnection, schema: str, state: str) -> None:
    redirects = connection.execute(
        f"select old_customer_id, customer_id, reason, changed_at from {state}.identity.redirects order by 1"
    ).fetchall()
    final = resolve_redirects({old: new for old, new, _, _ in redirects})
    connection.execute(
        f"create or replace table {schema}.identity_redirects"
        " (old_customer_id varchar, customer_id varchar, reason varchar, changed_at timestamp)"
    )
    if redirects:
        rows = [{"o": old, "c": final[old], "r": why, "t": at} for old, _, why, at in redirects]
        connection.register("arriving", pa.Table.from_pylist(rows))
        connection.execute(f"insert into {schema}.identity_redirects from arriving")
        connection.unregister("arriving")
