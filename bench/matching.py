"""`python -m bench.matching`: how good the matching of the pretend shop is, and every customer that holds two persons.

Each wrong merge is put down to the trap it fell into; speed and memory are measured in `bench.identity`.
"""

from __future__ import annotations

import argparse
import shutil
from collections import Counter
from datetime import datetime
from pathlib import Path

import duckdb

from bench import pretend_records
from bench.processes import RESULTS
from identity.evaluation import measure_methods_against, resolved_clusters
from identity.mistakes import OverMerge, over_merges
from identity.resolver import resolve
from warehouse.connections import open_warehouse
from warehouse.settings import Settings

SHARES = ("precision", "recall", "f1", "b_cubed_f1", "exact_cluster_rate")
COUNTS = ("largest_cluster", "over_merges", "records", "persons")
# what two persons in one customer have in common, first that holds
TRAPS = {
    "twins": "a.household = b.household and a.birth_date = b.birth_date",
    "placeholder": "a.household <> b.household and a.placeholder = b.placeholder",
    "one name in one household": "a.household = b.household and a.first_name = b.first_name",
    "one household": "a.household = b.household",
    "strangers of one name": "a.first_name = b.first_name and a.last_name = b.last_name",
    "strangers": "true",
}


def main(customers: int) -> None:
    """Make a shop of so many customers, resolve it, print the figures, and list every wrong merge in bench/results/."""
    folder = RESULTS / f"matching_{customers}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pretend_records.write(folder / "records.parquet", round(customers * pretend_records.RECORDS_PER_CUSTOMER))
    with open_warehouse(Settings(data_dir=folder / "data"), with_state=True) as connection:
        connection.execute("create schema intermediate")
        source = f"'{folder / 'records.parquet'}'"
        connection.execute(
            f"create table intermediate.int_identity__records as select * exclude (person_id) from {source}"
        )
        resolve(connection, run_id="matching", as_of=datetime(2026, 11, 1))
        truth = dict(connection.execute(f"select record_id, person_id from {source}").fetchall())
        measured = measure_methods_against(connection, truth)
        merges = over_merges(resolved_clusters(connection), truth)
        traps = [_trap(connection, folder, merge) for merge in merges]
    print(f"{customers:,} customers\t" + "\t".join([*SHARES, *COUNTS]))
    for method, figures in measured.items():
        shares, counts = (
            (f"{figures[name]:.4f}" for name in SHARES),
            (f"{figures[name]:.0f}" for name in COUNTS),
        )
        print("\t".join([method, *shares, *counts]))
    happened = Counter(traps)
    print("wrong merges: " + ", ".join(f"{happened[trap]} {trap}" for trap in TRAPS))
    _list(folder / "over_merges.tsv", merges, traps)


def _trap(connection: duckdb.DuckDBPyConnection, folder: Path, merge: OverMerge) -> str:
    """The trap that the two persons with most records there fell into."""
    first, second = list(merge.records_of)[:2]
    cases = " ".join(f"when {condition} then '{trap}'" for trap, condition in TRAPS.items())
    ((trap,),) = connection.execute(
        f"""
        with persons as (
            select p.*, (select max(coalesce(r.email, r.phone)) from '{folder / "records.parquet"}' r
                where r.person_id = p.person_id and (email_is_placeholder or phone_is_placeholder)) as placeholder
            from '{folder / "people.parquet"}' p where person_id in (?, ?)
        )
        select case {cases} end from persons a, persons b where a.person_id = ? and b.person_id = ?
        """,
        [first, second, first, second],
    ).fetchall()
    return str(trap)


def _list(path: Path, merges: list[OverMerge], traps: list[str]) -> None:
    lines = ["trap\tcustomer\tpersons and their records"]
    for merge, trap in zip(merges, traps, strict=True):
        persons = "; ".join(f"{person}: {', '.join(records)}" for person, records in merge.records_of.items())
        lines.append(f"{trap}\t{merge.customer_id}\t{persons}")
    path.write_text("\n".join(lines) + "\n")
    print(f"listed in {path.relative_to(RESULTS.parent.parent)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000])
    for size in parser.parse_args().customers:
        main(size)
