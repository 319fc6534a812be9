"""Figures after a merge, a split and an erased customer are those of a rebuild from scratch, and yesterday's stay as they were.

Works on copies of the stores of one finished run: verdicts are given and obeyed as in any night, an erasure takes the
customer's rows out of what was delivered, and the models are built again.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

DERIVED = ("staging", "intermediate", "marts", "metrics", "analytics", "quality", "segments", "syncs")
READ_BY_PEOPLE = DERIVED[2:]
CUT = date(2026, 6, 30)
# sums of doubles wobble in the last digit: compared to six places, and moved off the edge that halves lie on
OFF_THE_EDGE = 1.23456e-7
REVENUE = "select sum(net_revenue_amount) from marts.orders where {}"


@dataclass
class Warehouse:
    """A copy that a test may change and build."""

    path: Path
    python: Any
    environment: dict[str, str]

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.path) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    def cdp(self, *arguments: str) -> None:
        finished = self.python("-m", "cli.main", *arguments, **self.environment)
        assert finished.returncode == 0, finished.stdout + finished.stderr

    def forget(self, customer_id: str) -> None:
        """Take out of every delivery what names a customer, an order with all its lines, and out of what was released."""
        with duckdb.connect(self.path) as connection:
            connection.execute(f"create temp table traces as {TRACES.format(customer_id)}")
            connection.execute("delete from traces where trace is null or length(trace) < 6")
            tables = connection.execute(
                "select table_name from duckdb_columns() where schema_name = 'raw' and column_name = '_row'"
            ).fetchall()
            for (table,) in tables:
                key = "name" if table == "shopify_orders" else "rowid"
                connection.execute(
                    f"delete from raw.{table} where {key} in (select d.{key} from raw.{table} as d"
                    " where exists (select 1 from traces where contains(lower(d::varchar), trace)))"
                )
            for table in ("segment_members", "segment_stays"):
                connection.execute(f"delete from state.{table} where customer_id = ?", [customer_id])

    def value(self, sql: str) -> Any:
        return self.execute(sql)[0][0]

    def build(self, *selection: str) -> None:
        finished = self.python(
            "-m",
            "dbt.cli.main",
            "build",
            "--quiet",
            "--exclude-resource-type",
            "test",
            "--exclude-resource-type",
            "unit_test",
            *selection,
            **self.environment,
        )
        assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-1000:]

    def tables(self) -> list[str]:
        rows = self.execute(
            f"select schema_name || '.' || table_name from duckdb_tables() where schema_name in {READ_BY_PEOPLE}"
        )
        return sorted(name for (name,) in rows)


@pytest.fixture(scope="module")
def copy_of(first_run, tmp_path_factory):
    """Makes copies of the finished run's warehouse."""
    installation = first_run.installation

    def make(origin: Path = installation.data_dir / "warehouse.duckdb") -> Warehouse:
        folder = tmp_path_factory.mktemp("copy")
        shutil.copy(origin, folder / "warehouse.duckdb")
        shutil.copy(origin.with_name("state.duckdb"), folder / "state.duckdb")
        environment = {
            "CDP_DATA_DIR": str(folder),
            "DBT_LOG_PATH": str(folder),
            "DBT_TARGET_PATH": str(folder / "target"),
        }
        return Warehouse(folder / "warehouse.duckdb", installation.python, environment)

    return make


def differences(one: Warehouse, other: Warehouse, queries: dict[str, str]) -> dict[str, int]:
    """Query by name → rows that only one of the two has; nothing where they agree."""
    with duckdb.connect() as connection:
        found = {}
        for name, query in queries.items():
            rows = []
            for place in (one, other):
                connection.execute(f"attach '{place.path}' as place (read_only)")
                connection.execute("use place")
                columns = connection.execute(f"describe {query}").fetchall()
                doubles = [
                    f"round({column} + {OFF_THE_EDGE}, 6) as {column}"
                    for column, kind, *_ in columns
                    if kind == "DOUBLE"
                ]
                rounded = f"* replace ({', '.join(doubles)})" if doubles else "*"
                connection.execute(
                    f"create or replace temp table t{len(rows)} as select {rounded} from ({query})"
                )
                rows.append(name)
                connection.execute("use memory")
                connection.execute("detach place")
            (count,) = connection.execute(
                "select (select count(*) from (from t0 except all from t1)) + (select count(*) from (from t1 except all from t0))"
            ).fetchone()
            if count:
                found[name] = count
    return found


MERGED, KEPT, SPLIT, ERASED = "merged", "kept", "split", "erased"
# what stands for a person and nobody else: by this their rows are found in what was delivered
TRACES = """
    select distinct lower(unnest([email, loyalty_id, web_user_id, source_key])) as trace
    from intermediate.int_identity__records inner join identity.identity_clusters using (record_id)
    where customer_id = '{}'
"""
RESOLVE = """
from identity.resolver import resolve
from warehouse.connections import open_warehouse
from warehouse.settings import Settings
settings = Settings.load()
with open_warehouse(settings, with_state=True) as connection:
    (as_of,) = connection.execute("select as_of from state.run_context").fetchone()
    resolve(connection, run_id="decided", as_of=as_of)
"""


@pytest.fixture(scope="module")
def people(copy_of) -> dict[str, str]:
    """Four buyers: two who turn out to be one person, one who turns out to be two, one who asks to be forgotten."""
    rows = copy_of().execute(
        """
        select c.customer_id from marts.customers as c
        inner join identity.identity_clusters as i using (customer_id)
        inner join intermediate.int_identity__records as r using (record_id)
        where c.order_count > 0 and c.customer_id in (select customer_id from marts.sessions)
        group by c.customer_id having count(distinct i.record_id) = 2 and not bool_or(coalesce(r.email_is_placeholder, false))
        order by c.customer_id limit 4
        """
    )
    return dict(zip((MERGED, KEPT, SPLIT, ERASED), (row[0] for row in rows), strict=True))


@pytest.fixture(scope="module")
def changed(copy_of, people) -> Warehouse:
    """The warehouse with two verdicts that people gave and one customer's deliveries gone, resolved anew by the product."""
    warehouse = copy_of()
    records = {
        name: [
            record
            for (record,) in warehouse.execute(
                f"select record_id from identity.identity_clusters where customer_id = '{people[name]}' order by 1"
            )
        ]
        for name in people
    }
    warehouse.cdp("identity", "decide", "same", records[MERGED][0], records[KEPT][0])
    warehouse.cdp("identity", "decide", "different", *records[SPLIT])
    warehouse.forget(people[ERASED])
    warehouse.build(
        "--select", "path:dbt_project/models/staging", "path:dbt_project/models/intermediate/identity"
    )
    finished = warehouse.python("-c", RESOLVE, **warehouse.environment)
    assert finished.returncode == 0, finished.stderr
    return warehouse


def test_the_verdicts_and_the_erasure_are_in_the_ledger(changed, people):
    told = changed.execute(
        "select action, customer_id, related_customer_id from identity.identity_ledger where run_id = 'decided'"
    )
    actions = {
        action: {customer, related} for action, customer, related in told if action in ("merged", "split")
    }
    assert actions["merged"] == {people[MERGED], people[KEPT]}
    assert people[SPLIT] in actions["split"]
    assert [customer for action, customer, _ in told if action == "retired"] == [people[ERASED]]


def test_a_merge_a_split_and_an_erasure_change_every_table_as_a_rebuild_from_scratch_would(
    copy_of, changed, people
):
    before = copy_of()
    scratch = copy_of(changed.path)
    for schema in DERIVED:
        scratch.execute(f"drop schema if exists {schema} cascade")
    changed.build()
    scratch.build("--full-refresh")
    tables = changed.tables()
    assert len(tables) > 60 and tables == scratch.tables()
    assert differences(changed, scratch, {table: f"from {table}" for table in tables}) == {}
    # and what was decided shows: one fewer, one more, one fewer; nobody's money is lost by being united or parted
    count = "select count(*) from marts.customers"
    assert changed.value(count) == before.value(count) - 1
    erased = before.value(REVENUE.format(f"customer_id = '{people[ERASED]}'"))
    assert (
        erased > 0 and changed.value(REVENUE.format("true")) == before.value(REVENUE.format("true")) - erased
    )
    merged = changed.value("select old_customer_id from identity.identity_redirects")
    both = f"customer_id in ('{people[KEPT]}', '{people[MERGED]}')"
    assert changed.value(f"select count(*) from marts.customers where {both}") == 1
    assert changed.value(REVENUE.format(both)) == before.value(REVENUE.format(both))
    # the history of segments says who was in one under which id; the release of the next run ends the stays of a merged id
    past = {merged: {"segments.segment_membership_history"}, people[ERASED]: set()}
    for gone, kept in past.items():
        for table in sorted(set(tables) - kept):
            columns = changed.execute(
                f"select column_name from (describe {table}) where column_name = 'customer_id'"
            )
            if columns:
                assert changed.value(f"select count(*) from {table} where customer_id = '{gone}'") == 0, table


def test_figures_of_past_days_do_not_change_when_later_data_arrives(copy_of):
    """The data cut at a day, with that day as now, gives the metrics that a later run gives for the days up to it."""
    later, then = copy_of(), copy_of()
    then.execute(
        f"""
        update state.run_context set as_of = timestamp '{CUT} 23:59:59';
        delete from raw.shopify_orders where left(created_at, 10) > '{CUT}';
        delete from raw.square_items where date > '{CUT}';
        delete from raw.segment_events where left(timestamp, 10) > '{CUT}';
        """
    )
    then.build()
    queries = {
        "orders": f"from marts.orders where order_date <= '{CUT}'",
        "metrics_daily": f"from metrics.metrics_daily where metric_date <= '{CUT}'",
    }
    assert then.value("select count(*) from marts.orders") > 500
    assert differences(later, then, queries) == {}
