"""What is at stake with a group of people: how many they are, what they have spent, and where they may be reached.

Who they are is found by `difference` and `preview`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

CUSTOMERS = "marts.customers"


@dataclass(frozen=True)
class Stake:
    """A group of people: how many, what they have spent, how many may be contacted per channel, and by whom they are held."""

    people: int
    spend: float
    contactable: Mapping[str, int]


def contactable_channels(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The channels that `customers` says people may be contacted over (`is_<channel>_contactable`)."""
    rows = connection.execute(f"describe {CUSTOMERS}").fetchall()
    return [
        name.removeprefix("is_").removesuffix("_contactable")
        for name, *_ in rows
        if name.startswith("is_") and name.endswith("_contactable")
    ]


def stake(connection: duckdb.DuckDBPyConnection, people: str, channels: list[str]) -> Stake:
    """What is at stake with the customers of a table."""
    counts = "".join(f", count(*) filter (c.is_{channel}_contactable)" for channel in channels)
    row = connection.execute(
        f"select count(*), coalesce(sum(c.total_spend_amount), 0)::double{counts} "
        f"from (select customer_id from {people}) as p left join {CUSTOMERS} as c using (customer_id)"
    ).fetchall()[0]
    return Stake(row[0], row[1], dict(zip(channels, row[2:], strict=True)))


def currency_of(connection: duckdb.DuckDBPyConnection) -> str:
    """The currency that spend is counted in, empty without customers."""
    row = connection.execute(f"select any_value(currency) from {CUSTOMERS}").fetchone()
    return str(row[0]) if row and row[0] else ""
