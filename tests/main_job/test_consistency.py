"""Figures after a merge, a split and an erased customer are those of a rebuild from scratch, and yesterday's stay as they were.

Works on copies of the warehouse of one finished run; each copy is changed by hand and its models are built again.
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


@pytest.fixture(scope="module")
def people(copy_of) -> dict[str, str]:
    """Four buyers: two who turn out to be one person, one who turns out to be two, one who asks to be forgotten."""
    before = copy_of()
    rows = before.execute(
        """
        select c.customer_id from marts.customers as c
        inner join identity.identity_clusters as i using (customer_id)
        where c.order_count > 0 and c.customer_id in (select customer_id from marts.sessions)
        group by c.customer_id having count(distinct i.record_id) > 1 order by c.customer_id limit 4
        """
    )
    return dict(zip((MERGED, KEPT, SPLIT, ERASED), (row[0] for row in rows), strict=True))


@pytest.fixture(scope="module")
def changed(copy_of, people) -> Warehouse:
    """The warehouse with that decided, and nothing built yet."""
    warehouse = copy_of()
    warehouse.execute(
        f"""
        create temp table gone as
            select r.source, r.source_key, r.record_id from intermediate.int_identity__records as r
            inner join identity.identity_clusters as i using (record_id) where i.customer_id = '{people[ERASED]}';
        update identity.identity_clusters set customer_id = '{people[KEPT]}' where customer_id = '{people[MERGED]}';
        insert into identity.identity_redirects
            select '{people[MERGED]}', '{people[KEPT]}', 'merged', as_of from state.run_context;
        update identity.identity_clusters set customer_id = 'split_off' where record_id = (
            select max(record_id) from identity.identity_clusters where customer_id = '{people[SPLIT]}');
        delete from identity.identity_clusters where record_id in (select record_id from gone);
        delete from state.segment_members where customer_id = '{people[ERASED]}';
        delete from state.segment_stays where customer_id = '{people[ERASED]}';
        """
    )
    return warehouse


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
    assert changed.value(REVENUE.format("true")) == before.value(REVENUE.format("true"))
    ours = f"customer_id = '{people[KEPT]}'"
    both = f"customer_id in ('{people[KEPT]}', '{people[MERGED]}')"
    assert changed.value(REVENUE.format(ours)) == before.value(REVENUE.format(both))
    # the history of segments says who was in one under which id; the release of the next run ends the stays of a merged id
    past = {people[MERGED]: {"segments.segment_membership_history"}, people[ERASED]: set()}
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
