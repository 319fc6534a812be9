"""Makes a pretend shop: people, purchases, visits, and the export files its tools would deliver, with the truth beside.

The order of the steps and the command line belong here; each step's rules live in its own module.
Run `python -m sandbox.generator --help` for the options.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import duckdb

from sandbox.behaviour import visit
from sandbox.catalogue import stock_shelves
from sandbox.exports import feedback, hubspot, loyalty, mailchimp, segment, shopify, spending, square
from sandbox.exports.delivery import Delivery
from sandbox.habits import load_habits
from sandbox.marketing import advertise
from sandbox.noise import install_macros
from sandbox.people import populate
from sandbox.pools import load_pools
from sandbox.purchases import sell
from sandbox.records import record
from sandbox.shop import DEFAULT_END, Progress, Shop, ShopPlan, silent
from sandbox.sightings import see
from sandbox.truth import key_records, write_truth

MEMORY_LIMIT = "3GB"


def generate(
    out_dir: Path,
    *,
    customers: int,
    seed: int,
    end: datetime = DEFAULT_END,
    events_per_customer: float = 20,
    orders_per_customer: float = 3,
    progress: Progress = silent,
) -> Shop:
    """Write the shop's files under `<out_dir>/landing` and the truth under `<out_dir>/sandbox/truth`.

    `end` is the shop's last moment (naive UTC). The same arguments give the same bytes.
    """
    plan = ShopPlan(Path(out_dir), customers, seed, end, events_per_customer, orders_per_customer)
    plan.truth.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=plan.truth.parent, prefix=".making-") as scratch:
        with duckdb.connect(str(Path(scratch) / "shop.duckdb")) as connection:
            connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'; set TimeZone = 'UTC'; set preserve_insertion_order = true")
            imagine(connection, plan, progress)
            delivery = Delivery(connection, plan, progress)
            mailchimp.settle(delivery)
            for vendor in (shopify, square, hubspot, mailchimp, segment, feedback, spending, loyalty):
                vendor.deliver(delivery)
            return write_truth(connection, Shop(plan, sorted(delivery.files)))


def imagine(connection: duckdb.DuckDBPyConnection, plan: ShopPlan, progress: Progress = silent) -> None:
    """Everything true and everything seen, as tables of a scratch database: no files yet."""
    steps = (
        ("names and places", lambda: (install_macros(connection, plan), load_pools(connection), load_habits(connection))),
        ("people", lambda: populate(connection, plan)),
        ("purchases", lambda: (stock_shelves(connection), advertise(connection, plan), sell(connection, plan))),
        ("records", lambda: record(connection)),
        ("mistakes", lambda: (see(connection), key_records(connection))),
        ("visits", lambda: visit(connection, plan)),
    )
    for done, (stage, step) in enumerate(steps):
        progress("imagining the shop", done, len(steps), stage)
        step()


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.generator",
        description="Write the exports of a pretend shop, and the truth about who is who.",
        epilog="Example: python -m sandbox.generator --customers 1000 --seed 7 --out data",
    )
    parser.add_argument("--out", type=Path, required=True, help="data folder; files go to OUT/landing/<source>/")
    parser.add_argument("--customers", type=int, default=1000, help="how many people (default 1000)")
    parser.add_argument("--seed", type=int, default=7, help="same seed, same bytes (default 7)")
    parser.add_argument("--events-per-customer", type=float, default=20, help="web and app events per person (20)")
    parser.add_argument("--orders-per-customer", type=float, default=3, help="orders per person (3)")
    chosen = parser.parse_args(arguments)
    shop = generate(
        chosen.out,
        customers=chosen.customers,
        seed=chosen.seed,
        events_per_customer=chosen.events_per_customer,
        orders_per_customer=chosen.orders_per_customer,
    )
    print(f"{shop.people} people, {shop.records} records, {len(shop.files)} files, {shop.size_bytes / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
