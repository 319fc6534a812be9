"""The night after: files with new and changed rows for a pretend shop that has been loaded, about a share of its size.

What a night costs is measured elsewhere; how the shop itself is made is the sandbox's business.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from sandbox.update import generate_update

_LINES = "read_csv({files}, header = false, delim = '\x01', quote = '', escape = '', columns = {{'line': 'varchar'}})"
# Events of the newest quarters happen once more on the new day, under ids of their own.
_EVENTS = """
copy (
    select regexp_replace(
        replace(line, '"messageId":"', '"messageId":"n'),
        '"(timestamp|receivedAt)":"[0-9-]+T', '"\\1":"{day}T', 'g'
    ) as line
    from {lines} order by hash(line) limit {count}
) to '{target}' (format csv, header false, quote '', escape '')
"""
# So do orders, whole ones, under names of their own.
_ORDERS = """
copy (
    select * replace (
        '#N' || substr("Name", 2) as "Name",
        'N' || "Id" as "Id",
        '{day}' || substr("Paid at", 11) as "Paid at",
        '{day}' || substr("Created at", 11) as "Created at"
    )
    from read_csv('{orders}', all_varchar = true)
    where "Cancelled at" is null and hash("Name") % 10000 < {per_myriad}
) to '{target}' (format csv, header true)
"""


def deliver_night(data_dir: Path, share: float) -> datetime:
    """Write the next day's customers, orders and events, `share` (0-1) of all there are; returns that day's last moment."""
    described = json.loads((data_dir / "sandbox" / "truth" / "shop.json").read_text())
    end = datetime.fromisoformat(described["end"]).replace(tzinfo=None) + timedelta(days=1)
    landing, customers = data_dir / "landing", int(described["customers"] * share)
    generate_update(data_dir, new=customers // 2, changed=customers // 2)
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = '2GB'")
        newest = sorted((landing / "segment").glob("events_*.jsonl"))[-2:]
        connection.execute(
            _EVENTS.format(
                lines=_LINES.format(files=[str(path) for path in newest]),
                count=int(customers * described["events_per_customer"]),
                day=f"{end:%Y-%m-%d}",
                target=landing / "segment" / f"events_{end:%Y-%m-%d}.jsonl",
            )
        )
        connection.execute(
            _ORDERS.format(
                orders=next((landing / "shopify").glob("orders_*.csv")),
                per_myriad=round(share * 10_000),
                day=f"{end:%Y-%m-%d}",
                target=landing / "shopify" / f"orders_{end:%Y-%m-%d}.csv",
            )
        )
    return end
