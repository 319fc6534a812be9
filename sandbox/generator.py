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
from typing import TypedDict

import duckdb

from sandbox.errors import SandboxError, ShopTooSmall
from sandbox.exports import feedback, hubspot, loyalty, mailchimp, segment, shopify, spending, square
from sandbox.exports.delivery import Delivery
from sandbox.shop import DEFAULT_END, SMALLEST, Progress, Shop, ShopPlan, silent
from sandbox.truth import write_truth
from sandbox.update import Update, generate_update
from sandbox.world import imagine

MEMORY_LIMITS = {
    200_000: "3GB",
    1_500_000: "10GB",
}  # customers up to → what the engine may hold; beyond, 20GB


class Size(TypedDict):
    """How big a shop is: people, and events and orders per person."""

    customers: int
    events_per_customer: float
    orders_per_customer: float


SAMPLE: Size = {"customers": 1000, "events_per_customer": 4.0, "orders_per_customer": 2.3}


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

    `end` is the shop's last moment (naive UTC). The same arguments give the same bytes. Raises ShopTooSmall.
    """
    if customers < SMALLEST:
        raise ShopTooSmall(f"A shop of {customers} customers cannot be made up: ask for {SMALLEST} or more.")
    plan = ShopPlan(Path(out_dir), customers, seed, end, events_per_customer, orders_per_customer)
    plan.truth.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=plan.truth.parent, prefix=".making-") as scratch,
        duckdb.connect(str(Path(scratch) / "shop.duckdb")) as connection,
    ):
        limit = next((text for most, text in MEMORY_LIMITS.items() if customers <= most), "20GB")
        connection.execute(f"set memory_limit = '{limit}'; set TimeZone = 'UTC'")
        imagine(connection, plan, progress)
        delivery = Delivery(connection, plan, progress)
        mailchimp.settle(delivery)
        for vendor in (shopify, square, hubspot, mailchimp, segment, feedback, spending, loyalty):
            vendor.deliver(delivery)
        return write_truth(connection, Shop(plan, sorted(delivery.files)))


def sample(out_dir: Path, *, seed: int = 7, progress: Progress = silent) -> Shop:
    """The small shop that a first run uses: about 1,000 customers, every file, under 5 MB in all."""
    return generate(out_dir, seed=seed, progress=progress, **SAMPLE)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        print(_update(chosen.out) if chosen.update else _generate(chosen))
    except SandboxError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def _generate(chosen: argparse.Namespace) -> str:
    shop = generate(
        chosen.out,
        customers=chosen.customers,
        seed=chosen.seed,
        events_per_customer=chosen.events_per_customer,
        orders_per_customer=chosen.orders_per_customer,
        progress=_print_progress,
    )
    return (
        f"{shop.people:,} people, {shop.records:,} records of them, {len(shop.files)} files, {shop.size_bytes / 1e6:.1f} MB\n"
        f"exports: {shop.plan.landing}\ntruth:   {shop.plan.truth}"
    )


def _update(out_dir: Path) -> str:
    update: Update = generate_update(out_dir)
    return f"{update.file}: {len(update.new_ids)} new and {len(update.changed_ids)} changed customers"


def _print_progress(stage: str, done: int, total: int | None, note: str = "") -> None:
    of = f"/{total}" if total else ""
    print(f"{stage} {done}{of} {note}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.generator",
        description="Write the exports of a pretend shop into OUT/landing, in the formats its tools would deliver, and the "
        "truth about who is who into OUT/sandbox/truth. Same options, same bytes. Without further options: the sample of "
        "about 1,000 customers and under 5 MB.",
        epilog="For a load test: --customers 100000 --events-per-customer 20 --orders-per-customer 3. "
        "For the next morning's delivery to a shop already written: --update.",
    )
    parser.add_argument("--out", type=Path, required=True, help="the data folder")
    parser.add_argument(
        "--customers", type=int, default=SAMPLE["customers"], help="how many people (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=7, help="another seed, another shop (%(default)s)")
    parser.add_argument(
        "--events-per-customer",
        type=float,
        default=SAMPLE["events_per_customer"],
        help="web and app events (%(default)s)",
    )
    parser.add_argument(
        "--orders-per-customer",
        type=float,
        default=SAMPLE["orders_per_customer"],
        help="orders (%(default)s)",
    )
    parser.add_argument(
        "--update", action="store_true", help="only add one customers file: 20 new and 20 changed customers"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
