"""Resolving small shops on real stores: ids that stay, a ledger that tells, decisions obeyed, a kill survived."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from identity_people import NOW, SHOP_EXTRA, customers, ledger, put, record, run, shop, stores

from identity import resolve
from identity.errors import RecordsInvalid, RecordsMissing

SHOP = shop(60)
ANNA = {"first_name": "anna", "last_name": "kettering"}


@pytest.fixture(scope="module")
def resolved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small shop resolved once, as run r1; copy it, do not write to it."""
    directory = tmp_path_factory.mktemp("resolved")
    with stores(directory) as connection:
        run(connection, SHOP, "r1")
    return directory


@pytest.fixture
def again(resolved: Path, tmp_path: Path) -> Path:
    shutil.copytree(resolved, tmp_path / "data")
    return tmp_path / "data"


def test_same_people_come_together_and_strangers_do_not(again: Path) -> None:
    with stores(again) as connection:
        found = customers(connection)
    person = {entry["record_id"]: entry["person"] for entry in SHOP}
    assert len({(found[name], person[name]) for name in found}) == len(
        set(found.values())
    )  # nobody joined with another
    # a few have nothing in common to be found by: an email here, a phone there
    assert len(set(person.values())) <= len(set(found.values())) <= len(set(person.values())) + 4


def test_running_again_changes_nothing_and_says_so(again: Path) -> None:
    with stores(again) as connection:
        before = customers(connection)
        report = run(connection, random.Random(1).sample(SHOP, len(SHOP)), "r2")
        assert report.unchanged
        assert report.records == len(SHOP)
        assert customers(connection) == before
        assert ledger(connection, "r2") == []


def test_a_lost_warehouse_is_rebuilt_with_the_same_ids(again: Path) -> None:
    with stores(again) as connection:
        before = customers(connection)
    (again / "warehouse.duckdb").unlink()
    with stores(again) as connection:
        report = run(connection, SHOP, "r2")
        assert not report.unchanged
        assert customers(connection) == before
        assert ledger(connection, "r2") == []


def test_ids_do_not_depend_on_row_order(again: Path, tmp_path: Path) -> None:
    with stores(again) as connection:
        expected = customers(connection)
    with stores(tmp_path / "other") as connection:
        run(connection, random.Random(2).sample(SHOP, len(SHOP)), "r1")
        assert customers(connection) == expected


def test_arrivals_never_change_the_id_of_anyone_else(again: Path) -> None:
    arrivals = [
        {**entry, "record_id": f"late:{n}", "source": "late", "source_key": str(n)}
        for n, entry in enumerate(SHOP[:20])
    ]
    strangers = [
        record("late", f"s{n}", first_name=first, last_name="zeal", email=f"{first}.zeal@example.org")
        for n, first in enumerate(["quentin", "xanthe", "barnaby", "wilhelmina"])
    ]
    with stores(again) as connection:
        before = customers(connection)
        run(connection, [*SHOP, *arrivals, *strangers], "r2")
        after = customers(connection)
        assert {name: after[name] for name in before} == before
        assert [after[f"late:{n}"] for n in range(20)] == [before[entry["record_id"]] for entry in SHOP[:20]]
        assert [action for action, _, _ in ledger(connection, "r2")] == ["created"] * 4


def test_merge_split_retire_and_return_are_told_and_old_ids_resolve(again: Path) -> None:
    left = record("shopify_customers", "m1", **ANNA, email="anna.k@example.com")
    right = record("square_customers", "m2", **ANNA, email="ak77@example.org", phone="+447700911111")
    bridge = record("hubspot_contacts", "m3", **ANNA, email="anna.k@example.com", phone="+447700911111")
    with stores(again) as connection:
        run(connection, [*SHOP, left, right], "r2")
        apart = customers(connection)
        assert apart["shopify_customers:m1"] != apart["square_customers:m2"]

        run(connection, [*SHOP, left, right, bridge], "r3")
        together = customers(connection)
        survivor = together["hubspot_contacts:m3"]
        assert together["shopify_customers:m1"] == together["square_customers:m2"] == survivor
        ((action, old, into),) = ledger(connection, "r3")
        assert (action, into) == ("merged", survivor)
        redirects = connection.execute(
            "select old_customer_id, customer_id from identity.identity_redirects"
        ).fetchall()
        assert redirects == [(old, survivor)]
        ((evidence,),) = connection.execute(
            "select evidence from identity.identity_ledger where run_id = 'r3'"
        ).fetchall()
        assert '"record_count": 1' in evidence

        _decide(connection, "cannot_link", "shopify_customers:m1", "square_customers:m2")
        run(connection, [*SHOP, left, right, bridge], "r4")
        parted = customers(connection)
        assert parted["shopify_customers:m1"] != parted["square_customers:m2"]
        ((action, new, source),) = ledger(connection, "r4")
        assert (action, source) == ("split", survivor)
        assert new not in (old, survivor)

        run(connection, SHOP, "r5")
        assert sorted(action for action, _, _ in ledger(connection, "r5")) == ["retired", "retired"]
        run(connection, [*SHOP, left, right, bridge], "r6")
        assert sorted(action for action, _, _ in ledger(connection, "r6")) == ["restored", "restored"]
        assert customers(connection) == parted


def test_must_link_joins_what_no_evidence_would(again: Path) -> None:
    with stores(again) as connection:
        before = customers(connection)
        one, other = (
            SHOP[0]["record_id"],
            next(r["record_id"] for r in SHOP if before[r["record_id"]] != before[SHOP[0]["record_id"]]),
        )
        _decide(connection, "must_link", one, other)
        report = run(connection, SHOP, "r2")
        after = customers(connection)
        assert after[one] == after[other]
        assert (report.merged, report.created, report.split) == (1, 0, 0)


CRASH = """
import os, sys
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from identity import outputs
from identity_people import SHOP_EXTRA, run, shop, stores
def die(*_, **__): os.kill(os.getpid(), 9)
outputs.publish = die
with stores(Path({directory!r})) as connection:
    run(connection, [*shop(60), *SHOP_EXTRA], "r2")
"""


def test_a_kill_between_state_and_warehouse_heals_on_the_next_run(again: Path, tmp_path: Path) -> None:
    undisturbed = tmp_path / "undisturbed"
    shutil.copytree(again, undisturbed)
    with stores(undisturbed) as connection:
        run(connection, [*SHOP, *SHOP_EXTRA], "r2")
        expected = customers(connection)
    tests = Path(__file__).parent
    script = CRASH.format(root=str(tests.parents[1]), tests=str(tests), directory=str(again))
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert killed.returncode == -9, killed.stderr.decode()
    with stores(again) as connection:
        assert connection.execute("select count(*) from state_store.identity.runs").fetchall() == [(2,)]
        assert len(customers(connection)) == len(SHOP)  # the warehouse still shows yesterday
        report = run(connection, [*SHOP, *SHOP_EXTRA], "r3")
        assert not report.unchanged
        assert customers(connection) == expected
        assert ledger(connection, "r3") == []
        assert (
            connection.execute(
                "select schema_name from duckdb_schemas() where database_name = 'identity_scratch'"
            ).fetchall()
            == []
        )


def test_an_empty_business_has_all_tables(tmp_path: Path) -> None:
    with stores(tmp_path) as connection:
        report = run(connection, [], "r1")
        tables = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'identity' and database_name = 'warehouse' order by 1"
        ).fetchall()
    assert (report.records, report.customers) == (0, 0)
    assert [name for (name,) in tables] == [
        "identity_clusters", "identity_edges", "identity_evaluation", "identity_evidence", "identity_ledger",
        "identity_redirects", "identity_runs", "identity_vanished",
    ]  # fmt: skip


def test_broken_input_is_told_by_name(tmp_path: Path) -> None:
    with stores(tmp_path) as connection:
        with pytest.raises(RecordsMissing, match="does not exist"):
            resolve(connection, run_id="r1", as_of=NOW)
        put(connection, [record("a", "1"), record("a", "1")])
        with pytest.raises(RecordsInvalid, match="'a:1' 2 times"):
            resolve(connection, run_id="r1", as_of=NOW)
        connection.execute("alter table intermediate.int_identity__records drop column phone")
        with pytest.raises(RecordsMissing, match="lacks phone"):
            resolve(connection, run_id="r1", as_of=NOW)


def test_evidence_adds_up_to_the_match_weight(again: Path) -> None:
    with stores(again) as connection:
        differences = connection.execute(
            """
            select max(abs(e.match_weight - v.total)) from identity.identity_edges e
            join (select record_id_l, record_id_r, sum(match_weight) as total from identity.identity_evidence group by 1, 2) v
            using (record_id_l, record_id_r)
            """
        ).fetchall()
    assert differences[0][0] < 0.01


def _decide(connection: duckdb.DuckDBPyConnection, decision: str, left: str, right: str) -> None:
    connection.execute(
        "insert into state_store.identity.decisions values (?, ?, ?, ?, ?, 'tester', null)",
        [f"{decision}-{left}-{right}", left, right, decision, NOW],
    )
